"""Diagonal Gaussians over the latent variables, and mixtures of a few of them."""

from typing import NamedTuple

from torch import Tensor


class Posterior(NamedTuple):
    """Diagonal Gaussian over the latent variables."""

    mean: Tensor  # [..., D]
    log_variance: Tensor  # [..., D]

    def sample(self, noise: Tensor) -> Tensor:
        """Draw from the posterior by standard normal ``noise`` of its shape."""
        return self.mean + (0.5 * self.log_variance).exp() * noise


class Mixture(NamedTuple):
    """Mixture of S diagonal Gaussians per cell; S is 1 unless the fusion or the prior mixes.

    An expectation over the mixture is taken stratified: one draw per component, weighted.
    """

    weights: Tensor  # [B, S], rows sum to 1
    components: Posterior  # [B, S, D]

    @classmethod
    def single(cls, posterior: Posterior) -> "Mixture":
        """Mixture of one component, from a posterior [B, D]."""
        mean, log_variance = posterior
        return cls(mean.new_ones(len(mean), 1), Posterior(mean[:, None], log_variance[:, None]))

    @property
    def mean(self) -> Tensor:
        """Mean of the mixture [B, D]."""
        return (self.weights.unsqueeze(-1) * self.components.mean).sum(dim=1)

    @property
    def variance(self) -> Tensor:
        """Variance of each dimension under the mixture [B, D]."""
        mean, log_variance = self.components
        second = (self.weights.unsqueeze(-1) * (log_variance.exp() + mean**2)).sum(dim=1)
        return second - self.mean**2
