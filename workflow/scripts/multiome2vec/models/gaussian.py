"""Diagonal Gaussians over the latent variables, and mixtures of a few of them."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

LOG_VARIANCE_BOUND = 10.0
LOG_TWO_PI = math.log(2 * math.pi)


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
        """Variance of each dimension under the mixture [B, D], Σ_s w_s (σ_s² + (μ_s − μ)²)."""
        mean, log_variance = self.components
        apart = mean - self.mean.unsqueeze(1)
        return (self.weights.unsqueeze(-1) * (log_variance.exp() + apart**2)).sum(dim=1)

    def moments(self) -> Posterior:
        """Gaussian [B, D] with the mixture's mean and variance."""
        if self.weights.shape[1] == 1:
            return Posterior(*(part[:, 0] for part in self.components))
        return Posterior(self.mean, self.variance.log())


def bounded(log_variance: Tensor) -> Tensor:
    """Log-variance softly within ±10: 10 tanh(λ / 10), so that its gradient never ends."""
    return LOG_VARIANCE_BOUND * torch.tanh(log_variance / LOG_VARIANCE_BOUND)


def log_density(z: Tensor, gaussian: Posterior) -> Tensor:
    """Log-density [...] of points [..., D]: −½ Σ_d (log 2π + λ + (z − μ)² e^{−λ})."""
    mean, log_variance = gaussian
    squared = (z - mean) ** 2 * torch.exp(-log_variance)
    return -0.5 * (LOG_TWO_PI + log_variance + squared).sum(dim=-1)


def kl_by_dimension(q: Posterior, p: Posterior) -> Tensor:
    """KL(q ‖ p) in nats [..., D], ½ (λ_p − λ_q + (σ_q² + (μ_q − μ_p)²) / σ_p² − 1).

    The leading dimensions of q and p broadcast.
    """
    difference = q.log_variance - p.log_variance
    squared = (q.mean - p.mean) ** 2 * torch.exp(-p.log_variance)
    return 0.5 * (difference.exp() + squared - 1 - difference)


def kl_divergence(q: Posterior, p: Posterior) -> Tensor:
    """KL(q ‖ p) in nats [...], the sum of :func:`kl_by_dimension`."""
    return kl_by_dimension(q, p).sum(dim=-1)


def kl_standard_by_dimension(q: Posterior) -> Tensor:
    """KL(q ‖ N(0, I)) in nats [..., D], ½ (σ² + μ² − 1 − λ)."""
    mean, log_variance = q
    return 0.5 * (log_variance.exp() + mean**2 - 1 - log_variance)


def jeffreys(q: Posterior, p: Posterior) -> Tensor:
    """Jeffreys divergence in nats [...], KL(q ‖ p) + KL(p ‖ q)."""
    return kl_divergence(q, p) + kl_divergence(p, q)
