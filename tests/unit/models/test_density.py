import numpy as np
import pytest
import torch
from multiome2vec.errors import UserError
from multiome2vec.models.density import GaussianMixture, initial_mixture
from sklearn import mixture as sklearn_mixture
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal


@pytest.fixture
def points():
    rng = np.random.default_rng(0)
    centres = rng.normal(0, 4, (4, 5))
    labels = rng.choice(4, 1200, p=[0.1, 0.2, 0.3, 0.4])
    spread = rng.gamma(3, 0.3, (4, 5))
    return torch.tensor(centres[labels] + spread[labels] * rng.normal(size=(1200, 5))).float()


@pytest.fixture
def fitted(points):
    return GaussianMixture.fit(points, 4, seed=0)


def test_likelihood_is_within_one_percent_of_sklearn(points, fitted):
    oracle = sklearn_mixture.GaussianMixture(
        4, covariance_type="diag", n_init=10, random_state=1
    ).fit(points.numpy())
    ours = float(fitted.log_prob(points).mean().detach())
    assert ours == pytest.approx(oracle.score(points.numpy()), rel=0.01)


def test_log_prob_agrees_with_torch(points, fitted):
    mean, log_variance = (part.detach() for part in fitted.components)
    oracle = MixtureSameFamily(
        Categorical(probs=fitted.log_weights.detach().exp()),
        Independent(Normal(mean, (0.5 * log_variance).exp()), 1),
    )
    torch.testing.assert_close(fitted.log_prob(points).detach(), oracle.log_prob(points))


def test_samples_come_from_the_mixture(points, fitted):
    drawn = fitted.sample(20_000, torch.Generator().manual_seed(0))
    np.testing.assert_allclose(drawn.mean(0), points.mean(0), atol=0.2)
    np.testing.assert_allclose(drawn.var(0), points.var(0), rtol=0.1)
    again = fitted.sample(20_000, torch.Generator().manual_seed(0))
    assert torch.equal(drawn, again)
    shares = fitted.responsibilities(drawn).mean(dim=0)
    torch.testing.assert_close(shares, fitted.log_weights.exp(), atol=0.02, rtol=0)


def test_initialise_is_undone_by_the_properties():
    means, variances = torch.randn(3, 2), torch.tensor([[1e-3, 1.0], [5.0, 30.0], [0.2, 0.3]])
    weights = torch.tensor([0.2, 0.3, 0.5])
    mixture = GaussianMixture(2, n_components=3)
    mixture.initialise(means, variances, weights)
    torch.testing.assert_close(mixture.component_means.detach(), means)
    torch.testing.assert_close(mixture.variances.detach(), variances)
    torch.testing.assert_close(mixture.log_weights.detach().exp(), weights)
    with pytest.raises(ValueError, match="shapes"):
        mixture.initialise(means[:2], variances[:2], weights[:2])


def test_components_are_as_wide_as_the_posteriors_that_they_hold():
    """Law of total variance: that of the means plus the mean of the variances, per component."""
    generator = torch.Generator().manual_seed(0)
    kind = torch.arange(400) % 2
    means = 20.0 * kind[:, None] + 0.1 * torch.randn(400, 3, generator=generator)
    variances = torch.tensor([0.5, 2.0])[kind][:, None] * torch.ones(400, 3)
    centres, plain, _ = initial_mixture(means, 2, seed=0)
    _, wide, _ = initial_mixture(means, 2, seed=0, variances=variances)
    order = centres[:, 0].argsort()
    torch.testing.assert_close(plain, torch.full((2, 3), 0.01), atol=3e-3, rtol=0)
    expected = plain[order] + torch.tensor([[0.5], [2.0]])
    torch.testing.assert_close(wide[order], expected, rtol=1e-4, atol=1e-4)


def test_variances_that_are_too_small_start_at_the_floor():
    mixture = GaussianMixture(1, n_components=1)
    mixture.initialise(torch.zeros(1, 1), torch.zeros(1, 1), torch.ones(1))
    assert float(mixture.variances.detach()) == pytest.approx(1e-4, rel=0.05)
    assert torch.isfinite(mixture.raw_variances).all()


def test_fault_weights_are_normalised_whatever_the_parameters_are():
    """scMVP took π = |parameter|: −log p(c) could be driven below 0."""
    mixture = GaussianMixture(2, n_components=3)
    with torch.no_grad():
        mixture.logits.copy_(torch.tensor([50.0, -20.0, 3.0]))
    assert float(mixture.log_weights.exp().sum().detach()) == pytest.approx(1)
    assert (-mixture.log_weights >= 0).all()


def test_frozen_weights_are_uniform_without_gradient_and_kept_in_checkpoints():
    mixture = GaussianMixture(2, n_components=4)
    with torch.no_grad():
        mixture.logits[0] = 3.0
    mixture.freeze_weights(True)
    torch.testing.assert_close(mixture.log_weights.exp(), torch.full((4,), 0.25))
    mixture.log_prob(torch.zeros(5, 2)).sum().backward()
    assert not mixture.logits.grad.any()
    other = GaussianMixture(2, n_components=4)
    other.load_state_dict(mixture.state_dict())
    torch.testing.assert_close(other.log_weights.exp(), torch.full((4,), 0.25))
    mixture.freeze_weights(False)
    assert mixture.log_weights[0] > mixture.log_weights[1]


def test_a_reseeded_component_lives_again():
    mixture = GaussianMixture(2, n_components=4)
    mean, variance = torch.tensor([7.0, -7.0]), torch.tensor([0.5, 2.0])
    with torch.no_grad():
        mixture.logits[2] = -40.0
    assert mixture.responsibilities(mean[None])[0, 2] < 0.1
    mixture.reseed(2, mean, variance)
    torch.testing.assert_close(mixture.component_means[2].detach(), mean)
    torch.testing.assert_close(mixture.variances[2].detach(), variance)
    assert float(mixture.log_weights[2].exp().detach()) == pytest.approx(0.25)
    assert mixture.responsibilities(mean[None])[0, 2] > 0.9


def test_the_only_component_can_be_reseeded():
    mixture = GaussianMixture(2, n_components=1)
    mixture.reseed(0, torch.ones(2), torch.ones(2))
    assert float(mixture.log_weights.detach()) == 0


def test_a_mixture_that_cannot_start_says_why(points):
    with pytest.raises(UserError, match="9 mixture components for 3 cells"):
        initial_mixture(points[:3], 9, 0)
    spoilt = points.clone()
    spoilt[0, 0] = torch.nan
    with pytest.raises(UserError, match="not finite"):
        initial_mixture(spoilt, 2, 0)


def test_start_is_fixed_by_the_seed(points):
    for one, two in zip(initial_mixture(points, 4, 3), initial_mixture(points, 4, 3), strict=True):
        assert torch.equal(one, two)
