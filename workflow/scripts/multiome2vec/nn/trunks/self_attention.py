"""Encoder bodies: self-attention over a hidden layer, as scMVP reads ATAC.

After scMVP (Li et al. 2022, Genome Biology), which has 8 heads of 16 dimensions.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from multiome2vec.nn.input_linear import InputBlock
from multiome2vec.nn.mlp import MLP
from multiome2vec.nn.sparse_rows import SparseRows

N_HEADS, HEAD_WIDTH = 8, 16
WIDTH = N_HEADS * HEAD_WIDTH
#: Each token is its own projection of the hidden layer, so the map to the tokens grows with their
#: number. With 8 it has 131,072 weights on a hidden layer of 128, below 5 % of what an input layer
#: of 25,000 regions has, while every head still chooses among 8 views of the cell.
N_TOKENS = 8


class TokenAttention(nn.Module):
    """Hidden layer → tokens → attention with a residual, norm → mean over the tokens.

    Scores are scaled by 1/√16 and the residual is followed by a norm (Vaswani et al. 2017).

    Parameters
    ----------
    n_inputs
        Width H of the hidden layer.
    """

    def __init__(self, n_inputs: int) -> None:
        super().__init__()
        self.tokens = nn.Linear(n_inputs, N_TOKENS * WIDTH)
        self.attention = nn.MultiheadAttention(WIDTH, N_HEADS, batch_first=True)
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, hidden: Tensor) -> Tensor:
        """[B, H] to [B, 128]."""
        tokens = self.tokens(hidden).unflatten(1, (N_TOKENS, WIDTH))  # [B, T, 128]
        attended, _ = self.attention(tokens, tokens, tokens, need_weights=False)
        return self.norm(tokens + attended).mean(dim=1)


class ScalarAttention(nn.Module):
    """Attention over the 16 units of each head, each a token of one number.

    The form of scMVP's code, for comparison with it: scores q_i k_j without a scale, softmax over
    j, no residual and no norm.

    Parameters
    ----------
    n_inputs
        Width H of the hidden layer.
    """

    def __init__(self, n_inputs: int) -> None:
        super().__init__()
        self.projections = nn.Linear(n_inputs, 3 * WIDTH)

    def forward(self, hidden: Tensor) -> Tensor:
        """[B, H] to [B, 128]."""
        parts = self.projections(hidden).unflatten(1, (3, N_HEADS, HEAD_WIDTH))
        query, key, value = parts.unbind(dim=1)  # [B, 8, 16]
        weights = torch.softmax(query.unsqueeze(3) * key.unsqueeze(2), dim=3)  # [B, 8, 16, 16]
        return (weights @ value.unsqueeze(3)).flatten(start_dim=1)


class SelfAttentionTrunk(nn.Module):
    """Input block, self-attention over it, then the blocks of an MLP.

    Parameters
    ----------
    n_features, n_covariates
        Widths F and C of the inputs.
    widths
        Width of the input block, then of each block after the attention; without any of these the
        trunk has the attention's 128 outputs.
    dropout, norm, activation
        As in :class:`~multiome2vec.nn.mlp.MLP`.
    segments
        Not used.
    attention
        :class:`TokenAttention` or :class:`ScalarAttention`.
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
        attention: type[TokenAttention] | type[ScalarAttention] = TokenAttention,
    ) -> None:
        super().__init__()
        blocks = {"dropout": dropout, "norm": norm, "activation": activation}
        self.input = InputBlock(n_features, n_covariates=n_covariates, width=widths[0], **blocks)
        self.attention = attention(widths[0])
        self.rest = MLP(WIDTH, widths=widths[1:], **blocks)
        self.n_outputs = self.rest.n_outputs

    def forward(self, x: Tensor | SparseRows, covariate: Tensor) -> Tensor:
        """[B, F] and [B, C] to [B, n_outputs]."""
        return self.rest(self.attention(self.input(x, covariate)))
