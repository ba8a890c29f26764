"""Encoder body: a multilayer perceptron."""

from collections.abc import Sequence

from torch import Tensor, nn

from multiome2vec.nn.input_linear import InputBlock
from multiome2vec.nn.mlp import MLP
from multiome2vec.nn.sparse_rows import SparseRows


class MLPTrunk(nn.Module):
    """Multilayer perceptron of the features and the covariate.

    Parameters
    ----------
    n_features, n_covariates
        Widths F and C of the inputs.
    widths
        Width of each block, at least one.
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
        blocks = {"dropout": dropout, "norm": norm, "activation": activation}
        self.input = InputBlock(n_features, n_covariates=n_covariates, width=widths[0], **blocks)
        self.rest = MLP(widths[0], widths=widths[1:], **blocks)
        self.n_outputs = self.rest.n_outputs

    def forward(self, x: Tensor | SparseRows, covariate: Tensor) -> Tensor:
        """[B, F] and [B, C] to [B, n_outputs]."""
        return self.rest(self.input(x, covariate))
