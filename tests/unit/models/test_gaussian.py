import numpy as np
import pytest
import torch
from multiome2vec.models.gaussian import (
    Mixture,
    Posterior,
    bounded,
    jeffreys,
    kl_divergence,
    kl_standard_by_dimension,
    log_density,
)
from torch.distributions import Normal
from torch.distributions import kl_divergence as torch_kl


def normal(posterior):
    return Normal(posterior.mean, torch.exp(0.5 * posterior.log_variance))


@pytest.fixture
def pair():
    generator = torch.Generator().manual_seed(0)
    draw = [torch.randn(5, 3, generator=generator) for _ in range(4)]
    return Posterior(*draw[:2]), Posterior(*draw[2:])


def test_kl_agrees_with_torch(pair):
    q, p = pair
    oracle = torch_kl(normal(q), normal(p)).sum(dim=-1)
    torch.testing.assert_close(kl_divergence(q, p), oracle)
    assert (kl_divergence(q, p) > 0).all()
    torch.testing.assert_close(kl_divergence(q, q), torch.zeros(5))


def test_kl_broadcasts(pair):
    q, p = pair
    all_pairs = kl_divergence(Posterior(q.mean[:, None], q.log_variance[:, None]), p)
    assert all_pairs.shape == (5, 5)
    torch.testing.assert_close(all_pairs.diagonal(), kl_divergence(q, p))


def test_kl_from_the_standard_normal_agrees_with_torch(pair):
    q, _ = pair
    oracle = torch_kl(normal(q), Normal(0.0, 1.0)).sum(dim=-1)
    torch.testing.assert_close(kl_standard_by_dimension(q).sum(dim=-1), oracle)


def test_jeffreys_is_symmetric(pair):
    q, p = pair
    torch.testing.assert_close(jeffreys(q, p), jeffreys(p, q))
    torch.testing.assert_close(jeffreys(q, p), kl_divergence(q, p) + kl_divergence(p, q))


def test_log_density_agrees_with_torch(pair):
    q, p = pair
    torch.testing.assert_close(log_density(q.mean, p), normal(p).log_prob(q.mean).sum(dim=-1))


def test_fault_variance_taken_for_log_variance(pair):
    """scMVP exponentiated the variance: the KL of N(0, e) is ½ (e − 2), not ½ (e^e − 1 − e)."""
    q = Posterior(torch.zeros(1, 1), torch.ones(1, 1))
    assert float(kl_standard_by_dimension(q).sum(dim=-1)) == pytest.approx(
        0.5 * (np.e - 2), rel=1e-5
    )
    assert float(kl_divergence(q, Posterior(torch.zeros(1, 1), torch.zeros(1, 1)))) == (
        pytest.approx(0.5 * (np.e - 2), rel=1e-5)
    )


def test_log_variances_are_bounded_softly():
    x = torch.tensor([-1000.0, -0.1, 0.0, 0.1, 1000.0])
    np.testing.assert_allclose(bounded(x), [-10, -0.1, 0, 0.1, 10], atol=1e-4)


def test_samples_have_the_moments_of_the_posterior():
    posterior = Posterior(torch.tensor([2.0, -1.0]), torch.tensor([0.0, 2.0]))
    noise = torch.randn(200_000, 2, generator=torch.Generator().manual_seed(0))
    drawn = posterior.sample(noise)
    np.testing.assert_allclose(drawn.mean(0), [2, -1], atol=0.02)
    np.testing.assert_allclose(drawn.var(0), [1, np.e**2], rtol=0.02)


def test_variance_of_a_mixture_far_from_0_has_all_its_digits():
    """Against E[x²] − mean² in double precision, which single precision cancels."""
    generator = torch.Generator().manual_seed(0)
    weights = torch.rand(6, 3, generator=generator)
    weights /= weights.sum(dim=1, keepdim=True)
    mean = 5 + 0.01 * torch.randn(6, 3, 2, generator=generator)
    mixture = Mixture(weights, Posterior(mean, torch.full((6, 3, 2), -8.0)))
    w, mu = weights.double().numpy()[..., None], mean.double().numpy()
    w /= w.sum(axis=1, keepdims=True)
    exact = (w * (np.exp(-8) + mu**2)).sum(1) - (w * mu).sum(1) ** 2
    np.testing.assert_allclose(mixture.variance, exact, rtol=1e-4)
    np.testing.assert_allclose(mixture.moments().log_variance, np.log(exact), rtol=1e-4)
    one = Mixture.single(Posterior(mean[:, 0], torch.full((6, 2), -8.0)))
    np.testing.assert_allclose(one.variance, np.exp(-8), rtol=1e-5)
