import pytest
import torch
from multiome2vec.errors import UserError
from multiome2vec.nn.mlp import ACTIVATIONS, MLP, NORMS


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


def test_without_widths_it_is_the_identity():
    mlp = MLP(5, widths=(), dropout=0.5)
    x = torch.randn(7, 5)
    assert mlp.n_outputs == 5
    assert mlp(x) is x
    assert not list(mlp.parameters())


def layer_norm(x):
    return (x - x.mean(1, keepdim=True)) / (x.var(1, keepdim=True, correction=0) + 1e-5).sqrt()


NORM_ORACLES = {
    "identity": lambda x: x,
    "layer": layer_norm,
    "batch": lambda x: layer_norm(x.T).T,
    "rms": lambda x: x / x.square().mean(1, keepdim=True).sqrt(),
}
ACTIVATION_ORACLES = {
    "identity": lambda x: x,
    "relu": lambda x: x.clamp(min=0),
    "leaky-relu": lambda x: torch.where(x > 0, x, 0.01 * x),
    "gelu": lambda x: x * torch.distributions.Normal(0, 1).cdf(x),
    "silu": lambda x: x * torch.sigmoid(x),
    "softplus": lambda x: torch.log1p(x.exp()),
    "elu": lambda x: torch.where(x > 0, x, x.exp() - 1),
}


def test_every_norm_and_activation_has_an_oracle():
    assert set(NORMS) == set(NORM_ORACLES)
    assert set(ACTIVATIONS) == set(ACTIVATION_ORACLES)


@pytest.mark.parametrize("norm", NORM_ORACLES)
@pytest.mark.parametrize("activation", ACTIVATION_ORACLES)
def test_block_is_linear_norm_activation(norm, activation):
    torch.manual_seed(0)
    mlp = MLP(5, widths=(4,), dropout=0.0, norm=norm, activation=activation)
    x = torch.randn(7, 5)
    linear = mlp.blocks[0]
    expected = ACTIVATION_ORACLES[activation](NORM_ORACLES[norm](x @ linear.weight.T + linear.bias))
    torch.testing.assert_close(mlp(x), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("option", ["norm", "activation"])
def test_unknown_names_are_refused_with_those_that_exist(option):
    with pytest.raises(UserError, match=rf"Unknown {option} 'relo'.*identity"):
        MLP(5, widths=(4,), dropout=0.0, **{option: "relo"})
