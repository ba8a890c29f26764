import torch
from multiome2vec.nn.mlp import MLP


def test_each_block_is_linear_layernorm_relu():
    torch.manual_seed(0)
    mlp = MLP(5, widths=(4, 3), dropout=0.5).eval()
    x = torch.randn(7, 5)
    expected = x
    for linear in (mlp.blocks[0], mlp.blocks[4]):
        y = expected @ linear.weight.T + linear.bias
        y = (y - y.mean(1, keepdim=True)) / (y.var(1, keepdim=True, correction=0) + 1e-5).sqrt()
        expected = y.clamp(min=0)
    assert mlp.n_outputs == 3
    torch.testing.assert_close(mlp(x), expected)


def test_dropout_acts_in_training_only():
    torch.manual_seed(0)
    mlp = MLP(5, widths=(400,), dropout=0.5)
    x = torch.randn(50, 5)
    kept = mlp.eval()(x)
    dropped = mlp.train()(x)
    ratio = (dropped[kept > 0] == 0).float().mean()
    assert 0.45 < ratio < 0.55
