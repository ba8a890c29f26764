"""Counts whose expectations are shares of the cell's library."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from multiome2vec.models.gaussian import bounded
from multiome2vec.models.likelihoods.base import SeparableLikelihood
from multiome2vec.models.likelihoods.coefficient import log_coefficient
from multiome2vec.models.likelihoods.shares import CountsOfShares, SoftmaxShares
from multiome2vec.models.transforms import FeatureStatistics
from multiome2vec.nn.sparse_rows import SparseRows

THETA_BOUNDS = (0.1, 10.0)  # of the start of θ
LOG_RATE_MIN = -20.0  # smaller total counts count as this


class Poisson(CountsOfShares, SeparableLikelihood):
    """Poisson counts of mean μ = library · softmax(logits + log r_j).

    log p = x log μ − μ − lgΓ(x+1); Σ_j μ_j is the library, so that a sparse target needs the
    log-shares of its entries only.
    """

    def distribution(self, outputs: Tensor, library: Tensor) -> tuple[Tensor]:
        """Log-means [B, F]."""
        return (self.shares(outputs) + library.log(),)

    @staticmethod
    def log_zero(log_mean: Tensor) -> Tensor:
        """Return −μ."""
        return -log_mean.exp()

    @staticmethod
    def excess(target: Tensor, log_mean: Tensor) -> Tensor:
        """Return x log μ − lgΓ(x+1)."""
        return target * log_mean - torch.lgamma(target + 1)

    @staticmethod
    def given_total(total: Tensor, target: SparseRows, library: Tensor) -> Tensor:
        """Log-probability of each cell [B], given Σ_j x_j log ρ_j [B]."""
        log_library, x = library.log().squeeze(1), target.values
        rest = target.row_sums(x * log_library[target.rows] - torch.lgamma(x + 1))
        return total + rest - library.squeeze(1)

    def draw(self, distribution: tuple[Tensor, ...], generator: torch.Generator) -> Tensor:
        """Draw counts [B, F]."""
        return torch.poisson(distribution[0].exp(), generator=generator)


class NegativeBinomial(SeparableLikelihood):
    """Counts of mean μ = library · softmax(logits + log r_j) and variance μ + μ²/θ_j.

    log p = θ log θ/(θ+μ) + x log μ/(θ+μ) + lgΓ(x+θ) − lgΓ(θ) − lgΓ(x+1), with
    log θ/(θ+μ) = −softplus(δ) and log μ/(θ+μ) = −softplus(−δ) for δ = log μ − log θ. The inverse
    dispersion θ_j of a feature does not depend on the library.
    """

    has_offset = True

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.shares = SoftmaxShares(n_features)
        self.log_theta = nn.Parameter(torch.zeros(n_features))

    def fit(self, statistics: FeatureStatistics) -> None:
        """Start at the shares and at θ by moments over the training cells, within 0.1 and 10.

        θ = m² / (s² − m) of a feature of mean m and standard deviation s.
        """
        self.shares.fit(statistics)
        beyond = statistics.sd**2 - statistics.mean
        low, high = THETA_BOUNDS
        theta = statistics.mean**2 / np.maximum(beyond, 1e-8)
        start = np.clip(np.where(beyond > 0, theta, high), low, high)
        self.log_theta.data.copy_(torch.as_tensor(np.log(start)))

    def distribution(self, outputs: Tensor, library: Tensor) -> tuple[Tensor, Tensor]:
        """δ = log μ − log θ [B, F] and θ [F]."""
        return self.shares(outputs) + (library.log() - self.log_theta), self.log_theta.exp()

    def mean(self, outputs: Tensor, library: Tensor) -> Tensor:
        """Return expected counts [B, F]; each row sums to its library."""
        return library * self.shares(outputs).exp()

    @staticmethod
    def log_zero(delta: Tensor, theta: Tensor) -> Tensor:
        """Return −θ softplus(δ)."""
        return -theta * functional.softplus(delta)

    @staticmethod
    def excess(target: Tensor, delta: Tensor, theta: Tensor) -> Tensor:
        """Return the coefficient's logarithm − x softplus(−δ)."""
        return log_coefficient(target, theta) - target * functional.softplus(-delta)

    def draw(self, distribution: tuple[Tensor, ...], generator: torch.Generator) -> Tensor:
        """Draw counts [B, F], Poisson with gamma-distributed means (shape θ, rate θ/μ)."""
        delta, theta = distribution
        shape = theta.expand_as(delta).contiguous()
        gamma = torch._standard_gamma(shape, generator=generator)
        return torch.poisson(gamma * delta.exp(), generator=generator)


class CellNegativeBinomial(NegativeBinomial):
    """Negative binomial whose inverse dispersion is of each cell and feature.

    log θ_ij = log θ_j + κ_ij, κ (softly within ±10) the decoder's second head: scMVP's dispersion
    "gene-cell". The decoder is told the batch, so that it can also be one per batch.
    """

    n_heads = 2

    def distribution(self, outputs: Tensor, library: Tensor) -> tuple[Tensor, Tensor]:
        """δ = log μ − log θ and θ, both [B, F]."""
        logits, change = outputs.float().chunk(2, dim=-1)
        log_theta = self.log_theta + bounded(change)
        return self.shares(logits) + (library.log() - log_theta), log_theta.exp()

    def mean(self, outputs: Tensor, library: Tensor) -> Tensor:
        """Return expected counts [B, F]; each row sums to its library."""
        return super().mean(outputs.chunk(2, dim=-1)[0], library)


class NegativeBinomialTotalCount(SeparableLikelihood):
    """Negative binomial of total count r = library · softmax(logits + log r_j), p = σ(second head).

    Kept for comparison with vae4counts, whose head it is. Its fault: the library scales the total
    count, which is the inverse dispersion, so that deep cells are modelled as less dispersed, and
    the mean r · exp(second head) does not sum to the library. Use ``negative-binomial`` otherwise.
    """

    n_heads = 2

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.shares = SoftmaxShares(n_features)

    def fit(self, statistics: FeatureStatistics) -> None:
        """Start at the shares of the features in the training cells."""
        self.shares.fit(statistics)

    def distribution(self, outputs: Tensor, library: Tensor) -> tuple[Tensor, Tensor]:
        """Log-odds of p and total counts r (at least 2e-9), both [B, F]."""
        logits, odds = outputs.float().chunk(2, dim=-1)
        log_rate = self.shares(logits) + library.log()
        return odds, log_rate.clamp(min=LOG_RATE_MIN).exp()

    def mean(self, outputs: Tensor, library: Tensor) -> Tensor:
        """Return expected counts r p / (1 − p) [B, F]."""
        odds, total = self.distribution(outputs, library)
        return total * odds.exp()

    # with δ = log(p / (1 − p)) and θ = r the terms are those of the usual form
    log_zero = staticmethod(NegativeBinomial.log_zero)
    excess = staticmethod(NegativeBinomial.excess)
    draw = NegativeBinomial.draw
