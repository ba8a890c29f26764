"""Shares of a cell's counts that fall on the features."""

from abc import abstractmethod

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from multiome2vec.errors import UserError
from multiome2vec.models.likelihoods.base import Likelihood
from multiome2vec.models.likelihoods.entries import log_shares_at
from multiome2vec.models.likelihoods.parts import total_in_parts
from multiome2vec.models.transforms import FeatureStatistics
from multiome2vec.nn.sparse_rows import SparseRows


class SoftmaxShares(nn.Module):
    """log softmax(logits + log r_j) with a learnt factor r_j per feature.

    The factor is inside the softmax, so that shares sum to 1 and expected counts to the library.
    """

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.log_factor = nn.Parameter(torch.zeros(n_features))

    def fit(self, statistics: FeatureStatistics) -> None:
        """Start at the shares of the features in the training cells, one count added to each.

        Raises
        ------
        UserError
            If a feature's sum is negative: the values are no counts.
        """
        lowest = int(np.argmin(statistics.total))
        if statistics.total[lowest] < 0:
            raise UserError(
                f"Feature {lowest} sums to {statistics.total[lowest]:.3g} over the training cells, "
                "but the likelihood is one of counts. Give this modality the likelihood "
                "'gaussian', or counts."
            )
        share = (statistics.total + 1) / (statistics.total + 1).sum()
        self.log_factor.data.copy_(torch.as_tensor(np.log(share)))

    def forward(self, logits: Tensor) -> Tensor:
        """Log-shares [B, F] of logits [B, F], in float32."""
        return functional.log_softmax(logits.float() + self.log_factor, dim=-1)

    def total(self, logits: Tensor, x: SparseRows) -> Tensor:
        """Σ_j x_j log ρ_j [B] of logits [B, F], in float32."""
        return x.row_sums(x.values * log_shares_at(logits, self.log_factor, x))


class CountsOfShares(Likelihood):
    """Counts of which a sparse target needs the shares ρ as Σ_j x_j log ρ_j alone."""

    has_offset = True

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.shares = SoftmaxShares(n_features)

    def fit(self, statistics: FeatureStatistics) -> None:
        """Start at the shares of the features in the training cells."""
        self.shares.fit(statistics)

    def mean(self, outputs: Tensor, library: Tensor) -> Tensor:
        """Return expected counts [B, F]; each row sums to its library."""
        return library * self.shares(outputs).exp()

    @staticmethod
    @abstractmethod
    def given_total(total: Tensor, target: SparseRows, library: Tensor) -> Tensor:
        """Log-probability of each cell [B], given Σ_j x_j log ρ_j [B]."""

    def log_likelihood(
        self,
        target: Tensor | SparseRows,
        outputs: Tensor,
        library: Tensor,
        defined: Tensor | None = None,
    ) -> Tensor:
        """Log-probability of each cell [B]; see :meth:`Likelihood.log_likelihood`."""
        if defined is not None or not isinstance(target, SparseRows):
            return super().log_likelihood(target, outputs, library, defined)
        return self.given_total(self.shares.total(outputs, target), target, library)

    def estimate(
        self, target: SparseRows, hidden: Tensor, weight: Tensor, library: Tensor, parts: int
    ) -> Tensor:
        """Estimate the log-probability of each cell [B]; see :func:`.parts.total_in_parts`.

        Parameters
        ----------
        target
            [B, F].
        hidden, weight
            Last hidden layer of the decoder [B, H] and weight of its head [F, H].
        library
            [B, 1].
        parts
            Number of parts in which the shares are normalised.
        """
        total = total_in_parts(hidden.float(), weight, self.shares.log_factor, target, parts)
        return self.given_total(total, target, library)
