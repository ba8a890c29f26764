import numpy as np
import torch
from multiome2vec.models.gaussian import Mixture, Posterior
from multiome2vec.models.priors import PRIORS
from torch.distributions import Normal, kl_divergence


def test_kl_is_the_weighted_sum_of_the_components():
    torch.manual_seed(0)
    components = Posterior(torch.randn(5, 3, 2), torch.randn(5, 3, 2))
    mixture = Mixture(torch.rand(5, 3).softmax(dim=1), components)
    assigned = PRIORS["standard-normal"](2, n_components=4)(mixture)
    normal = Normal(components.mean, torch.exp(0.5 * components.log_variance))
    each = kl_divergence(normal, Normal(0.0, 1.0)).sum(dim=-1)
    torch.testing.assert_close(assigned.kl, {"kl_z": (mixture.weights * each).sum(dim=1)})
    assert assigned.mixture is mixture
    assert assigned.responsibilities is None


def test_density_and_samples():
    prior = PRIORS["standard-normal"](2)
    z = torch.tensor([[0.3, -2.0]])
    torch.testing.assert_close(prior.log_prob(z), Normal(0.0, 1.0).log_prob(z).sum(dim=1))
    drawn = prior.sample(50_000, torch.Generator().manual_seed(0))
    np.testing.assert_allclose(drawn.mean(0), [0, 0], atol=0.02)
    np.testing.assert_allclose(drawn.var(0), [1, 1], rtol=0.03)
