"""Shares of a cell's counts that fall on the features."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from multiome2vec.errors import UserError
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

    def estimated_total(self, x: SparseRows, hidden: Tensor, weight: Tensor, parts: int) -> Tensor:
        """Σ_j x_j log ρ_j [B] of the logits ``hidden · weightᵀ``, see :func:`total_in_parts`."""
        return total_in_parts(hidden.float(), weight, self.log_factor, x, parts)
