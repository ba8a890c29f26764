import numpy as np
import pytest
import torch
from multiome2vec.models.likelihoods import LIKELIHOODS
from multiome2vec.models.transforms import FeatureStatistics
from scipy import special, stats

FEATURES = 6
NAMES = ["zero-inflated-poisson", "zero-inflated-negative-binomial"]
LIBRARY = torch.tensor([[30.0]])


def fitted(name):
    total = 10.0 * np.arange(1, FEATURES + 1)
    head = LIKELIHOODS[name](FEATURES)
    head.fit(FeatureStatistics(10, total, total / 10, np.full(FEATURES, 5.0)))
    return head


def outputs(kappa):
    logits = torch.linspace(-1, 1, FEATURES)
    return torch.cat([logits, torch.full((FEATURES,), kappa)]).unsqueeze(0)


def oracle(head, x, kappa):
    """Log of a mixture of a point mass at 0 and scipy's distribution."""
    mu = head.rate(outputs(kappa), LIBRARY).detach().double().numpy()
    if hasattr(head.counts, "log_theta"):
        theta = head.counts.log_theta.detach().double().exp().numpy()
        counts = stats.nbinom.logpmf(x, theta, theta / (theta + mu))
    else:
        counts = stats.poisson.logpmf(x, mu)
    inflation = np.where(x == 0, special.log_expit(kappa), -np.inf)
    return np.logaddexp(inflation, special.log_expit(-kappa) + counts)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kappa", [-8.0, -1.0, 0.5, 6.0])
def test_log_prob_agrees_with_scipy(name, kappa):
    head = fitted(name)
    x = torch.arange(40.0).unsqueeze(1).expand(-1, FEATURES)
    ours = head.log_prob(x, outputs(kappa), LIBRARY).detach()
    np.testing.assert_allclose(ours, oracle(head, x.numpy(), kappa), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_probabilities_sum_to_one_and_have_the_stated_mean(name):
    head = fitted(name)
    x = torch.arange(2000.0).unsqueeze(1).expand(-1, FEATURES)
    p = head.log_prob(x, outputs(-0.4), LIBRARY).exp().double()
    np.testing.assert_allclose(p.sum(dim=0).detach(), 1, rtol=1e-5)
    mean = head.mean(outputs(-0.4), LIBRARY)[0]
    np.testing.assert_allclose((p * x).sum(dim=0).detach(), mean.detach(), rtol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_rates_sum_to_the_library_and_means_to_less(name):
    """The original's rate of counts was gated besides, and did not sum to the library."""
    head = fitted(name)
    assert float(head.rate(outputs(1.0), LIBRARY).sum().detach()) == pytest.approx(30, rel=1e-5)
    kept = float(torch.sigmoid(torch.tensor(-1.0)))
    mean = head.mean(outputs(1.0), LIBRARY)
    assert float(mean.sum().detach()) == pytest.approx(30 * kept, rel=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_without_inflation_the_counts_are_left(name):
    head = fitted(name)
    x = torch.arange(10.0).unsqueeze(1).expand(-1, FEATURES)
    logits = outputs(-60.0)[:, :FEATURES]
    torch.testing.assert_close(
        head.log_prob(x, outputs(-60.0), LIBRARY), head.counts.log_prob(x, logits, LIBRARY)
    )
