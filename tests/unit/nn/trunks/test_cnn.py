import pytest
import torch
from multiome2vec.nn.trunks.cnn import CNNTrunk, TokenTransformer

OPTIONS = {"n_covariates": 0, "dropout": 0.0, "norm": "layer", "activation": "gelu"}


def test_transformer_sees_means_of_runs_within_chromosomes():
    segment = torch.tensor([0] * 6 + [2] * 4 + [3])
    module = TokenTransformer(segment, dropout=0.0, activation="relu")
    module.layers = torch.nn.Identity()
    tokens = torch.randn(3, 11, 64)
    runs = ((0, 4), (4, 6), (6, 10), (10, 11))
    expected = torch.stack([tokens[:, a:b].mean(dim=1) for a, b in runs], dim=1)
    torch.testing.assert_close(module(tokens), expected)


def test_pools_by_mean_and_maximum():
    torch.manual_seed(0)
    module = CNNTrunk(30, widths=(8,), segments=(20, 10), **OPTIONS)
    x, covariate = torch.rand(4, 30), torch.zeros(4, 0)
    tokens = module.tokens(x, covariate)
    pooled = torch.cat([tokens.mean(dim=1), tokens.max(dim=1).values], dim=1)
    torch.testing.assert_close(module(x, covariate), module.rest(pooled))


@pytest.mark.parametrize("transformer", [False, True])
def test_learns_a_pattern_of_regions(transformer):
    """Tells cells by which half of a chromosome is open, from sparse noisy signals."""
    torch.manual_seed(0)
    label = torch.arange(128) % 2
    rate = torch.full((128, 60), 0.2)
    rate[label == 1, :15] = 0.6
    rate[label == 0, 15:30] = 0.6
    x = torch.bernoulli(rate)
    module = CNNTrunk(60, widths=(8,), segments=(30, 30), transformer=transformer, **OPTIONS)
    head = torch.nn.Linear(8, 2)
    optimiser = torch.optim.Adam([*module.parameters(), *head.parameters()], lr=3e-3)
    for _ in range(40):
        logits = head(module(x[:96], torch.zeros(96, 0)))
        loss = torch.nn.functional.cross_entropy(logits, label[:96])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        predicted = head(module(x[96:], torch.zeros(32, 0))).argmax(dim=1)
    assert (predicted == label[96:]).float().mean() > 0.9
