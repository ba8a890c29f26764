"""Counts given their sum."""

import torch
from torch import Tensor

from multiome2vec.models.likelihoods.shares import CountsOfShares
from multiome2vec.nn.sparse_rows import SparseRows


class Multinomial(CountsOfShares):
    """Counts with shares softmax(logits + log r_j), given their sum n.

    log p = lgΓ(n+1) + Σ_j [x_j log ρ_j − lgΓ(x_j+1)]. One draw (n = 1) is a categorical variable.
    The library says how many counts to expect or to draw; the probability is free of it.
    Undefined counts are left out of n and of the sum; the shares stay those of all features.
    """

    def distribution(self, outputs: Tensor, library: Tensor) -> tuple[Tensor, Tensor]:
        """Log-shares [B, F] and the number of draws [B, 1]."""
        return self.shares(outputs), library.round()

    def log_prob(self, target: Tensor, outputs: Tensor, library: Tensor) -> Tensor:
        """Parts [B, F] of each row's log-probability; lgΓ(n+1) is shared among its counts."""
        total = target.sum(dim=1, keepdim=True)
        arrangements = torch.lgamma(total + 1) / total.clamp(min=1)
        return target * (self.shares(outputs) + arrangements) - torch.lgamma(target + 1)

    @staticmethod
    def given_total(total: Tensor, target: SparseRows, library: Tensor) -> Tensor:
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
