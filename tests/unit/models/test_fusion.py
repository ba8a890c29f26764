import numpy as np
import pytest
import torch
from multiome2vec.models.fusion import ProductOfExperts
from multiome2vec.models.gaussian import Posterior


@pytest.fixture
def experts():
    generator = torch.Generator().manual_seed(0)
    return Posterior(*(torch.randn(4, 3, 2, generator=generator) for _ in range(2)))


def test_product_of_densities_by_brute_force(experts):
    fused = ProductOfExperts([False] * 3)(experts, torch.ones(4, 3, dtype=torch.bool))
    grid = np.linspace(-12, 12, 200_001)
    mean, sd = experts.mean.numpy(), np.exp(0.5 * experts.log_variance.numpy())
    for b in range(4):
        for d in range(2):
            log_p = -0.5 * grid**2 - 0.5 * (
                ((grid[:, None] - mean[b, :, d]) / sd[b, :, d]) ** 2
            ).sum(1)
            p = np.exp(log_p - log_p.max())
            p /= p.sum()
            centre = (p * grid).sum()
            assert float(fused.mean[b, d].detach()) == pytest.approx(centre, abs=1e-4)
            variance = (p * (grid - centre) ** 2).sum()
            found = float(fused.log_variance[b, d].detach().exp())
            assert found == pytest.approx(variance, abs=1e-4)


def test_without_experts_the_prior_is_left(experts):
    fused = ProductOfExperts([False] * 3)(experts, torch.zeros(4, 3, dtype=torch.bool))
    assert not fused.mean.any()
    assert not fused.log_variance.any()


def test_hidden_experts_do_not_matter(experts):
    mask = torch.tensor([[True, False, True]] * 4)
    other = Posterior(experts.mean.clone(), experts.log_variance.clone())
    other.mean[:, 1] = 1e4
    fusion = ProductOfExperts([False] * 3)
    for first, second in zip(fusion(experts, mask), fusion(other, mask), strict=True):
        assert torch.equal(first, second)


def test_tempering_weakens_derived_experts_only(experts):
    fusion = ProductOfExperts([False, False, True])
    assert fusion.tempering.tolist() == [1.0, 1.0, 0.5]
    with torch.no_grad():
        fusion.tempering_logit[2] = -50.0
    mask = torch.ones(4, 3, dtype=torch.bool)
    without = fusion(experts, mask & torch.tensor([True, True, False]))
    torch.testing.assert_close(fusion(experts, mask).mean, without.mean)
    with torch.no_grad():
        fusion.tempering_logit[:] = 50.0
    assert fusion.tempering.max() <= 1


def test_samples_have_the_moments_of_the_posterior():
    posterior = Posterior(torch.tensor([2.0, -1.0]), torch.tensor([0.0, 2.0]))
    noise = torch.randn(200_000, 2, generator=torch.Generator().manual_seed(0))
    drawn = posterior.sample(noise)
    np.testing.assert_allclose(drawn.mean(0), [2, -1], atol=0.02)
    np.testing.assert_allclose(drawn.var(0), [1, np.e**2], rtol=0.02)
