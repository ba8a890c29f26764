import numpy as np
import pytest
import torch
from multiome2vec.models.likelihoods import (
    LIKELIHOODS,
    Gaussian,
    NegativeBinomial,
    Poisson,
    gaussian_log_prob,
    negative_binomial_log_prob,
    poisson_log_prob,
)
from multiome2vec.models.transforms import FeatureStatistics
from scipy import stats


@pytest.fixture
def counts():
    rng = np.random.default_rng(0)
    mean = rng.gamma(1.0, 3.0, (6, 8)) + 0.01
    return rng.poisson(mean * rng.gamma(2, 0.5, mean.shape)), mean, rng.gamma(2.0, 1.0, 8) + 0.1


def tensor(values):
    return torch.as_tensor(np.asarray(values), dtype=torch.float32)


def statistics(total):
    total = np.asarray(total, float)
    return FeatureStatistics(10, total, total / 10, np.arange(1.0, len(total) + 1))


def test_negative_binomial_agrees_with_scipy(counts):
    x, mean, theta = counts
    ours = negative_binomial_log_prob(tensor(x), tensor(np.log(mean)), tensor(theta))
    np.testing.assert_allclose(ours, stats.nbinom.logpmf(x, theta, theta / (theta + mean)), 1e-5)


def test_negative_binomial_sums_to_one_and_has_its_mean():
    x = torch.arange(400.0)
    p = negative_binomial_log_prob(x, tensor(np.log(7.0)), tensor(1.5)).exp()
    assert float(p.sum()) == pytest.approx(1, abs=1e-5)
    assert float((p * x).sum()) == pytest.approx(7, abs=1e-3)
    assert float((p * (x - 7) ** 2).sum()) == pytest.approx(7 + 49 / 1.5, rel=1e-3)


def test_poisson_agrees_with_scipy(counts):
    x, mean, _ = counts
    ours = poisson_log_prob(tensor(x), tensor(np.log(mean)))
    np.testing.assert_allclose(ours, stats.poisson.logpmf(x, mean), 1e-5)


def test_gaussian_agrees_with_torch(counts):
    x, mean, sd = counts
    ours = gaussian_log_prob(tensor(x), tensor(mean), tensor(np.log(sd)))
    oracle = torch.distributions.Normal(tensor(mean), tensor(sd)).log_prob(tensor(x))
    torch.testing.assert_close(ours, oracle, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("likelihood", [NegativeBinomial, Poisson])
def test_expected_counts_sum_to_the_library(likelihood):
    torch.manual_seed(0)
    head = likelihood(8)
    head.fit(statistics(np.arange(8)))
    library = tensor([[10.0], [250.0]])
    mean = head.mean(torch.randn(2, 8), library)
    torch.testing.assert_close(mean.sum(dim=1, keepdim=True), library)


@pytest.mark.parametrize("name", sorted(LIKELIHOODS))
def test_log_prob_is_that_of_the_stated_mean(name):
    torch.manual_seed(0)
    head, logits, library = LIKELIHOODS[name](8), torch.randn(5, 8), tensor([[50.0]] * 5)
    head.fit(statistics(np.arange(8)))
    x = torch.randint(0, 9, (5, 8)).float()
    mean = head.mean(logits, library)
    oracle = {
        "negative_binomial": lambda: negative_binomial_log_prob(
            x, mean.log(), head.log_theta.exp()
        ),
        "poisson": lambda: poisson_log_prob(x, mean.log()),
        "gaussian": lambda: gaussian_log_prob(x, mean, (head.log_sigma.exp() * head.scale).log()),
    }[name]()
    torch.testing.assert_close(head.log_prob(x, logits, library), oracle, rtol=1e-4, atol=1e-4)


def test_poisson_starts_at_the_shares_of_the_training_cells():
    head = Poisson(3)
    head.fit(statistics([9.0, 29.0, 59.0]))
    share = head.mean(torch.zeros(1, 3), torch.ones(1, 1))
    torch.testing.assert_close(share, tensor([[0.1, 0.3, 0.6]]))


def test_gaussian_works_in_training_units():
    head = Gaussian(2)
    head.fit(statistics([20.0, 40.0]))
    mean = head.mean(tensor([[0.0, 1.0]]), torch.ones(1, 1))
    torch.testing.assert_close(mean, tensor([[2.0, 4.0 + 2.0]]))
