"""Encoder body: features gated by a mask, as scMVP reads RNA."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from multiome2vec.nn.input_linear import InputLinear
from multiome2vec.nn.mlp import MLP, block_end
from multiome2vec.nn.sparse_rows import SparseRows


class MaskAttentionTrunk(nn.Module):
    """``f ⊙ σ(W₂W₁x)`` with ``f = Drop(act(norm(Wx)))``, then the blocks of an MLP.

    After scMVP (Li et al. 2022, Genome Biology); W and W₁ see the covariate too.

    Parameters
    ----------
    n_features, n_covariates
        Widths F and C of the inputs.
    widths
        Width of f and of the mask, then of each further block.
    dropout, norm, activation
        As in :class:`~multiome2vec.nn.mlp.MLP`.
    segments
        Not used.
    """

    def __init__(
        self,
        n_features: int,
        *,
        n_covariates: int,
        widths: Sequence[int],
        dropout: float,
        norm: str,
        activation: str,
        segments: Sequence[int] | None,
    ) -> None:
        super().__init__()
        width, *rest = widths
        # W and W₁ side by side: the entries of a sparse x are then read once
        self.input = InputLinear(n_features, n_covariates, 2 * width)
        self.end = nn.Sequential(*block_end(width, dropout, norm, activation))
        self.mask = nn.Linear(width, width)
        self.rest = MLP(width, widths=rest, dropout=dropout, norm=norm, activation=activation)
        self.n_outputs = self.rest.n_outputs

    def forward(self, x: Tensor | SparseRows, covariate: Tensor) -> Tensor:
        """[B, F] and [B, C] to [B, n_outputs]."""
        hidden, scores = self.input(x, covariate).chunk(2, dim=1)
        return self.rest(self.end(hidden) * torch.sigmoid(self.mask(scores)))
