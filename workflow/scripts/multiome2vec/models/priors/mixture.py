"""Gaussian mixture prior with responsibilities in closed form (VaDE)."""

import torch
from torch.nn import functional

from multiome2vec.models.density import GaussianMixture
from multiome2vec.models.gaussian import Mixture, Posterior, kl_by_dimension
from multiome2vec.models.priors.assigned import Assigned, assign


class MixturePrior(GaussianMixture):
    """p(c) = π, p(z | c) = N(μ_c, diag s_c), and q(c | x) the best possible (Jiang et al. 2017).

    Given q(z | x), the KL divergence of q(z | x) q(c | x) from p(z, c) is smallest at
    γ_c ∝ π_c exp(−KL(q(z | x) ‖ p(z | c))), taken as a softmax in log space: no density is
    exponentiated on its own, so that nothing underflows in many dimensions.
    """

    def forward(self, mixture: Mixture, *, generator: torch.Generator | None = None) -> Assigned:
        """Terms ``kl_z`` Σ_c γ_c KL(q ‖ p(z | c)) and ``kl_c`` KL(γ ‖ π), and γ."""
        weights, components = mixture
        each = Posterior(*(part.unsqueeze(2) for part in components))  # [B, S, 1, D]
        dimensions = kl_by_dimension(each, self.components)  # [B, S, K, D]
        divergence = dimensions.sum(dim=-1)
        log_gamma = functional.log_softmax(self.log_weights - divergence, dim=-1)
        gamma = log_gamma.exp()
        kl = {
            "kl_z": (gamma * divergence).sum(dim=-1),
            "kl_c": (gamma * (log_gamma - self.log_weights)).sum(dim=-1),
        }
        dimensions = (gamma.unsqueeze(-1) * dimensions).sum(dim=2)
        return assign(mixture, weights, kl, dimensions, gamma)
