import numpy as np
import pytest
import torch
from multiome2vec.errors import UserError
from multiome2vec.models.likelihoods import LIKELIHOODS
from multiome2vec.models.likelihoods.continuous import gaussian_log_prob
from multiome2vec.models.transforms import FeatureStatistics
from scipy import stats

MEAN, SD = np.array([2.0, 4.0, 0.5]), np.array([1.0, 2.0, 0.25])
ONES = torch.ones(5, 1)


def fitted(name):
    head = LIKELIHOODS[name](3)
    head.fit(FeatureStatistics(10, 10 * MEAN, MEAN, SD))
    return head


@pytest.fixture
def cells():
    rng = np.random.default_rng(0)
    return torch.as_tensor(rng.gamma(2, 1, (5, 3))).float(), torch.randn(5, 3)


def test_gaussian_agrees_with_torch(cells):
    x, mean = cells
    sd = torch.tensor([0.1, 1.0, 7.0])
    oracle = torch.distributions.Normal(mean, sd).log_prob(x)
    torch.testing.assert_close(gaussian_log_prob(x, mean, sd.log()), oracle, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["gaussian", "gaussian-unit"])
def test_gaussians_work_in_training_units(name, cells):
    x, logits = cells
    head = fitted(name)
    expected_mean = MEAN + SD * logits.numpy()
    np.testing.assert_allclose(head.mean(logits, ONES), expected_mean, rtol=1e-5)
    oracle = stats.norm.logpdf(x, expected_mean, SD)
    np.testing.assert_allclose(head.log_prob(x, logits, ONES).detach(), oracle, 1e-5, 1e-5)


def test_learnt_deviations_are_multiples_of_those_of_training(cells):
    x, logits = cells
    head = fitted("gaussian")
    head.log_sigma.data.fill_(np.log(0.5))
    oracle = stats.norm.logpdf(x, MEAN + SD * logits.numpy(), 0.5 * SD)
    np.testing.assert_allclose(head.log_prob(x, logits, ONES).detach(), oracle, 1e-5, 1e-5)


def test_unit_gaussian_has_nothing_to_learn():
    assert not list(LIKELIHOODS["gaussian-unit"](3).parameters())


def test_log_normal_agrees_with_scipy(cells):
    x, logits = cells
    head = fitted("log-normal")
    head.log_sigma.data.fill_(-0.3)
    mean, log_sd = (part.detach().numpy() for part in head.distribution(logits, ONES))
    oracle = stats.lognorm.logpdf(x, np.exp(log_sd), scale=np.exp(mean))
    np.testing.assert_allclose(head.log_prob(x, logits, ONES).detach(), oracle, 1e-5, 1e-5)


def test_log_normal_starts_at_the_moments_of_the_training_cells():
    head = fitted("log-normal")
    np.testing.assert_allclose(head.mean(torch.zeros(1, 3), ONES[:1]).detach()[0], MEAN, rtol=1e-5)
    mean, log_sd = (part.detach().numpy() for part in head.distribution(torch.zeros(1, 3), ONES))
    np.testing.assert_allclose(stats.lognorm.std(np.exp(log_sd), scale=np.exp(mean))[0], SD, 1e-5)


def test_log_normal_gives_no_density_to_values_that_are_not_positive():
    head = fitted("log-normal")
    logits = torch.zeros(1, 3, requires_grad=True)
    log_prob = head.log_prob(torch.tensor([[0.0, -1.0, 2.0]]), logits, ONES[:1])
    assert log_prob.isneginf().tolist() == [[True, True, False]]
    with pytest.raises(UserError, match="needs positive values"):
        head.fit(FeatureStatistics(10, MEAN, np.array([1.0, 0.0, 2.0]), SD))
