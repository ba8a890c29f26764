"""Continuous values, in units of the training cells."""

import math

import numpy as np
import torch
from torch import Tensor, nn

from multiome2vec.errors import UserError
from multiome2vec.models.likelihoods.base import Likelihood
from multiome2vec.models.transforms import FeatureStatistics

HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


def gaussian_log_prob(target: Tensor, mean: Tensor, log_sd: Tensor) -> Tensor:
    """Log-density of values under a normal distribution."""
    return -0.5 * ((target - mean) * torch.exp(-log_sd)) ** 2 - log_sd - HALF_LOG_TWO_PI


class GaussianUnit(Likelihood):
    """Normal values of mean m + s · logits and standard deviation s.

    m and s are the mean and the standard deviation of the training cells, so that up to a constant
    the log-density is −½ (squared error of the standardised values). The library is not used.
    """

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.register_buffer("location", torch.zeros(n_features))
        self.register_buffer("scale", torch.ones(n_features))

    def fit(self, statistics: FeatureStatistics) -> None:
        """Take the units from the training cells."""
        self.location.copy_(torch.as_tensor(statistics.mean))
        self.scale.copy_(torch.as_tensor(statistics.sd))

    def log_sd(self) -> Tensor:
        """Logarithm of the standard deviation [F]."""
        return self.scale.log()

    def distribution(self, outputs: Tensor, library: Tensor) -> tuple[Tensor, Tensor]:
        """Means [B, F] and logarithms of the standard deviations [F]."""
        return self.location + self.scale * outputs.float(), self.log_sd()

    def log_prob(self, target: Tensor, outputs: Tensor, library: Tensor) -> Tensor:
        """[B, F], see :func:`gaussian_log_prob`."""
        return gaussian_log_prob(target, *self.distribution(outputs, library))

    def mean(self, outputs: Tensor, library: Tensor) -> Tensor:
        """Return expected values [B, F]."""
        return self.distribution(outputs, library)[0]

    def draw(self, distribution: tuple[Tensor, ...], generator: torch.Generator) -> Tensor:
        """Draw values [B, F]."""
        mean, log_sd = distribution
        noise = torch.randn(mean.shape, generator=generator, device=mean.device)
        return mean + log_sd.exp() * noise


class Gaussian(GaussianUnit):
    """As :class:`GaussianUnit`, with a learnt standard deviation per feature, a multiple of s."""

    def __init__(self, n_features: int) -> None:
        super().__init__(n_features)
        self.log_sigma = nn.Parameter(torch.zeros(n_features))

    def log_sd(self) -> Tensor:
        """Logarithm of the standard deviation [F]."""
        return self.log_sigma + self.scale.log()


class LogNormal(Gaussian):
    """Positive values whose logarithms are as in :class:`Gaussian`; values ≤ 0 have density 0."""

    def fit(self, statistics: FeatureStatistics) -> None:
        """Take the units of the logarithms from the training cells, by moments.

        A log-normal variable of mean m and standard deviation s has a logarithm of variance
        v = log(1 + s²/m²) and of mean log m − v/2.

        Raises
        ------
        UserError
            If a feature's mean is not positive.
        """
        lowest = int(np.argmin(statistics.mean))
        if not statistics.mean[lowest] > 0:
            raise UserError(
                f"Feature {lowest} has mean {statistics.mean[lowest]:.3g} over the training cells, "
                "but the likelihood 'log-normal' needs positive values. Use 'gaussian'."
            )
        variance = np.log1p((statistics.sd / statistics.mean) ** 2)
        self.location.copy_(torch.as_tensor(np.log(statistics.mean) - variance / 2))
        self.scale.copy_(torch.as_tensor(np.sqrt(variance)))

    def log_prob(self, target: Tensor, outputs: Tensor, library: Tensor) -> Tensor:
        """[B, F], log-density of the values: that of their logarithms − log x."""
        positive = target > 0
        log_target = torch.where(positive, target, 1).log()
        density = super().log_prob(log_target, outputs, library) - log_target
        return torch.where(positive, density, -torch.inf)

    def mean(self, outputs: Tensor, library: Tensor) -> Tensor:
        """Return expected values exp(mean + variance/2) of the logarithms' moments [B, F]."""
        mean, log_sd = self.distribution(outputs, library)
        return (mean + 0.5 * (2 * log_sd).exp()).exp()

    def draw(self, distribution: tuple[Tensor, ...], generator: torch.Generator) -> Tensor:
        """Draw values [B, F]."""
        return super().draw(distribution, generator).exp()
