import torch
from multiome2vec.models.gaussian import Posterior
from multiome2vec.models.priors import StandardNormal
from torch.distributions import Normal, kl_divergence


def test_kl_agrees_with_torch():
    torch.manual_seed(0)
    posterior = Posterior(torch.randn(5, 3), torch.randn(5, 3))
    normal = Normal(posterior.mean, torch.exp(0.5 * posterior.log_variance))
    oracle = kl_divergence(normal, Normal(0.0, 1.0)).sum(dim=1)
    torch.testing.assert_close(StandardNormal().kl(posterior), oracle)
