"""Likelihoods of a modality's values given the decoder's output. All in float32.

Each class turns the decoder's ``logits`` [B, F] and the cells' ``library`` [B, 1] (sum of the
modelled counts) into ``log_prob(target, logits, library)`` and ``mean(logits, library)``, both
[B, F], and takes its start from training statistics with ``fit``.
"""

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from multiome2vec.models.transforms import FeatureStatistics

HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


def negative_binomial_log_prob(target: Tensor, log_mean: Tensor, theta: Tensor) -> Tensor:
    """Log-probability of counts under a negative binomial of mean μ and variance μ + μ²/θ.

    log p = θ log θ/(θ+μ) + x log μ/(θ+μ) + lgΓ(x+θ) − lgΓ(θ) − lgΓ(x+1).
    """
    log_theta = theta.log()
    log_sum = torch.logaddexp(log_theta, log_mean)
    return (
        theta * (log_theta - log_sum)
        + target * (log_mean - log_sum)
        + torch.lgamma(target + theta)
        - torch.lgamma(theta)
        - torch.lgamma(target + 1)
    )


def poisson_log_prob(target: Tensor, log_mean: Tensor) -> Tensor:
    """Log-probability of counts under a Poisson distribution: x log μ − μ − lgΓ(x+1)."""
    return target * log_mean - log_mean.exp() - torch.lgamma(target + 1)


def gaussian_log_prob(target: Tensor, mean: Tensor, log_sd: Tensor) -> Tensor:
    """Log-density of values under a normal distribution."""
    return -0.5 * ((target - mean) * torch.exp(-log_sd)) ** 2 - log_sd - HALF_LOG_TWO_PI


class NegativeBinomial(nn.Module):
    """Counts with mean library · softmax(logits) and a learnt inverse dispersion θ per feature."""

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.log_theta = nn.Parameter(torch.zeros(n_features))

    def fit(self, statistics: FeatureStatistics) -> None:
        """Start at θ = 1; nothing is taken from the data."""

    def log_prob(self, target: Tensor, logits: Tensor, library: Tensor) -> Tensor:
        """[B, F], see :func:`negative_binomial_log_prob`."""
        log_mean = functional.log_softmax(logits, dim=-1) + library.log()
        return negative_binomial_log_prob(target, log_mean, self.log_theta.exp())

    def mean(self, logits: Tensor, library: Tensor) -> Tensor:
        """Return expected counts [B, F]; each row sums to its library."""
        return library * functional.softmax(logits, dim=-1)


class Poisson(nn.Module):
    """Counts with mean library · softmax(logits + log r_j) and a learnt factor r_j per feature.

    The factor is inside the softmax, so that expected counts sum to the library.
    """

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.log_factor = nn.Parameter(torch.zeros(n_features))

    def fit(self, statistics: FeatureStatistics) -> None:
        """Start at the shares of the features in the training cells."""
        share = (statistics.total + 1) / (statistics.total + 1).sum()
        self.log_factor.data.copy_(torch.as_tensor(np.log(share)))

    def log_prob(self, target: Tensor, logits: Tensor, library: Tensor) -> Tensor:
        """[B, F], see :func:`poisson_log_prob`."""
        log_share = functional.log_softmax(logits + self.log_factor, dim=-1)
        return poisson_log_prob(target, log_share + library.log())

    def mean(self, logits: Tensor, library: Tensor) -> Tensor:
        """Return expected counts [B, F]; each row sums to its library."""
        return library * functional.softmax(logits + self.log_factor, dim=-1)


class Gaussian(nn.Module):
    """Continuous values with a learnt standard deviation per feature.

    The decoder works in units of the training cells' mean m and standard deviation s: the mean is
    m + s · logits, the learnt σ is a multiple of s.
    """

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.register_buffer("location", torch.zeros(n_features))
        self.register_buffer("scale", torch.ones(n_features))
        self.log_sigma = nn.Parameter(torch.zeros(n_features))

    def fit(self, statistics: FeatureStatistics) -> None:
        """Take the units from the training cells."""
        self.location.copy_(torch.as_tensor(statistics.mean))
        self.scale.copy_(torch.as_tensor(statistics.sd))

    def log_prob(self, target: Tensor, logits: Tensor, library: Tensor) -> Tensor:
        """[B, F], see :func:`gaussian_log_prob`; the library is not used."""
        log_sd = self.log_sigma + self.scale.log()
        return gaussian_log_prob(target, self.mean(logits, library), log_sd)

    def mean(self, logits: Tensor, library: Tensor) -> Tensor:
        """Return expected values [B, F]."""
        return self.location + self.scale * logits


LIKELIHOODS = {
    "negative_binomial": NegativeBinomial,
    "poisson": Poisson,
    "gaussian": Gaussian,
}
