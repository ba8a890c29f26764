"""Counts given their sum."""

import torch
from torch import Tensor

from multiome2vec.models.likelihoods.base import Likelihood
from multiome2vec.models.likelihoods.shares import SoftmaxShares
from multiome2vec.models.transforms import FeatureStatistics
from multiome2vec.nn.sparse_rows import SparseRows


class Multinomial(Likelihood):
    """Counts with shares softmax(logits + log r_j), given their sum n.

    log p = lgΓ(n+1) + Σ_j [x_j log ρ_j − lgΓ(x_j+1)]. One draw (n = 1) is a categorical variable.
    The library says how many counts to expect or to draw; the probability is free of it.
    """

    has_offset = True
    can_estimate = True

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.shares = SoftmaxShares(n_features)

    def fit(self, statistics: FeatureStatistics) -> None:
        """Start at the shares of the features in the training cells."""
        self.shares.fit(statistics)

    def distribution(self, outputs: Tensor, library: Tensor) -> tuple[Tensor, Tensor]:
        """Log-shares [B, F] and the number of draws [B, 1]."""
        return self.shares(outputs), library.round()

    def mean(self, outputs: Tensor, library: Tensor) -> Tensor:
        """Return expected counts [B, F]; each row sums to its library."""
        return library * self.shares(outputs).exp()

    def log_prob(self, target: Tensor, outputs: Tensor, library: Tensor) -> Tensor:
        """Parts [B, F] of each row's log-probability; lgΓ(n+1) is shared among its counts."""
        total = target.sum(dim=1, keepdim=True)
        arrangements = torch.lgamma(total + 1) / total.clamp(min=1)
        return target * (self.shares(outputs) + arrangements) - torch.lgamma(target + 1)

    def log_likelihood(
        self,
        target: Tensor | SparseRows,
        outputs: Tensor,
        library: Tensor,
        defined: Tensor | None = None,
    ) -> Tensor:
        """Log-probability of each cell [B]; see :meth:`Likelihood.log_likelihood`.

        Undefined counts are left out of n and of the sum; the shares stay those of all features.
        """
        if defined is not None or not isinstance(target, SparseRows):
            return super().log_likelihood(target, outputs, library, defined)
        return self._given(self.shares.total(outputs, target), target)

    def estimate(
        self, target: SparseRows, hidden: Tensor, weight: Tensor, library: Tensor, parts: int
    ) -> Tensor:
        """Log-probability of each cell [B], see :meth:`SoftmaxShares.estimated_total`."""
        return self._given(self.shares.estimated_total(target, hidden, weight, parts), target)

    @staticmethod
    def _given(total: Tensor, target: SparseRows) -> Tensor:
        """Log-probability of each cell [B], given Σ_j x_j log ρ_j [B]."""
        repeated = target.row_sums(torch.lgamma(target.values + 1))
        return total + torch.lgamma(target.row_sums() + 1) - repeated

    def draw(self, distribution: tuple[Tensor, ...], generator: torch.Generator) -> Tensor:
        """Draw counts [B, F]."""
        shares, n_draws = distribution[0].exp(), distribution[1].flatten().long().tolist()
        rows = []
        for share, n in zip(shares, n_draws, strict=True):
            drawn = share.multinomial(n, replacement=True, generator=generator)
            rows.append(torch.bincount(drawn, minlength=len(share)))
        return torch.stack(rows).to(shares.dtype)
