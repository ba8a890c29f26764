"""Counts that are 0 more often than their distribution says."""

import torch
from torch import Tensor
from torch.nn import functional

from multiome2vec.models.likelihoods.base import SeparableLikelihood
from multiome2vec.models.likelihoods.counts import NegativeBinomial, Poisson
from multiome2vec.models.transforms import FeatureStatistics


class _ZeroInflated(SeparableLikelihood):
    """Counts that with probability σ(κ), κ the decoder's second head, are replaced by 0.

    With p₀ the distribution that is inflated: log p(0) = softplus(log p₀(0) − κ) − softplus(−κ)
    and, for x > 0, log p(x) = −κ − softplus(−κ) + log p₀(x).
    """

    n_heads = 2
    inflated: type[SeparableLikelihood]

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.counts = self.inflated(n_features)

    def fit(self, statistics: FeatureStatistics) -> None:
        """Start the inflated distribution at the training cells."""
        self.counts.fit(statistics)

    def distribution(self, outputs: Tensor, library: Tensor) -> tuple[Tensor, ...]:
        """κ [B, F], then the parameters of the inflated distribution."""
        logits, kappa = outputs.float().chunk(2, dim=-1)
        return kappa, *self.counts.distribution(logits, library)

    def rate(self, outputs: Tensor, library: Tensor) -> Tensor:
        """Return the counts expected but for the inflation [B, F]; each row sums to its library."""
        return self.counts.mean(outputs.chunk(2, dim=-1)[0], library)

    def mean(self, outputs: Tensor, library: Tensor) -> Tensor:
        """Return expected counts (1 − σ(κ)) · rate [B, F]."""
        kappa = outputs.float().chunk(2, dim=-1)[1]
        return torch.sigmoid(-kappa) * self.rate(outputs, library)

    @classmethod
    def log_zero(cls, kappa: Tensor, *counts: Tensor) -> Tensor:
        """Return softplus(log p₀(0) − κ) − softplus(−κ)."""
        softplus = functional.softplus
        return softplus(cls.inflated.log_zero(*counts) - kappa) - softplus(-kappa)

    @classmethod
    def excess(cls, target: Tensor, kappa: Tensor, *counts: Tensor) -> Tensor:
        """Return log p₀(x) − log p₀(0) − softplus(κ − log p₀(0))."""
        inflation = functional.softplus(kappa - cls.inflated.log_zero(*counts))
        return cls.inflated.excess(target, *counts) - inflation

    def draw(self, distribution: tuple[Tensor, ...], generator: torch.Generator) -> Tensor:
        """Draw counts [B, F]."""
        kappa, *counts = distribution
        kept = torch.bernoulli(torch.sigmoid(-kappa), generator=generator)
        return kept * self.counts.draw(tuple(counts), generator)


class ZeroInflatedPoisson(_ZeroInflated):
    """Zero-inflated Poisson counts (Lambert 1992)."""

    inflated = Poisson


class ZeroInflatedNegativeBinomial(_ZeroInflated):
    """Zero-inflated negative binomial counts."""

    inflated = NegativeBinomial
