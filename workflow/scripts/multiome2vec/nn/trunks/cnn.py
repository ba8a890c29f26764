"""Encoder bodies: convolutions along the genome, with or without a transformer on top."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from multiome2vec.nn.genome_tokens import CHANNELS, GenomeTokens, begin_small
from multiome2vec.nn.mlp import ACTIVATIONS, MLP
from multiome2vec.nn.sparse_rows import SparseRows

N_LAYERS, N_HEADS = 2, 4
RUN = 4  # successive tokens of a chromosome that the transformer sees as one


class TokenTransformer(nn.Module):
    """Means of successive tokens, then two layers of a transformer (pre-norm).

    Attention costs the square of the number of tokens, hence the means.

    Parameters
    ----------
    segment
        Chromosome of each token [T]; means are of up to 4 tokens of one chromosome.
    dropout, activation
        As in :class:`~multiome2vec.nn.mlp.MLP`.
    """

    def __init__(self, segment: Tensor, *, dropout: float, activation: str) -> None:
        super().__init__()
        place = torch.cat([torch.arange(n) for n in torch.bincount(segment)])
        run = torch.cumsum(place % RUN == 0, dim=0) - 1
        self.register_buffer("run", run, persistent=False)
        self.register_buffer("run_size", torch.bincount(run).unsqueeze(1), persistent=False)
        layers = [
            nn.TransformerEncoderLayer(
                CHANNELS,
                N_HEADS,
                dim_feedforward=2 * CHANNELS,
                dropout=dropout,
                activation=ACTIVATIONS[activation](),
                batch_first=True,
                norm_first=True,
            )
            for _ in range(N_LAYERS)
        ]
        for layer in layers:
            layer.self_attn.dropout = 0.0  # dropout of the weights bars the fast attention
            begin_small(layer.self_attn.out_proj)
            begin_small(layer.linear2)
        self.layers = nn.Sequential(*layers)

    def forward(self, tokens: Tensor) -> Tensor:
        """[B, T, C] to [B, R, C], R runs of tokens."""
        sums = tokens.new_zeros(len(tokens), len(self.run_size), tokens.shape[2])
        return self.layers(sums.index_add(1, self.run, tokens) / self.run_size)


class CNNTrunk(nn.Module):
    """Tokens along the genome, pooled per channel, then the blocks of an MLP.

    Pooled are their mean and maximum, and beside them the sum of the tokens as they were before the
    residual blocks, without what all cells have alike (position and covariate), normalised. In
    cells with few open regions the latter is all that can be learnt from at first: what cells share
    would hide it, and the posterior collapse.

    Parameters
    ----------
    n_features, n_covariates
        Widths F and C of the inputs; the features lie in the order of the genome.
    widths
        Width of each block after the pooling.
    dropout, norm, activation
        As in :class:`~multiome2vec.nn.mlp.MLP`; of the convolutions too.
    segments
        Number of features on each chromosome, in this order.
    transformer
        Whether two layers of a transformer follow the convolutions.

    Raises
    ------
    UserError
        If ``segments`` is missing or does not add up to the features.
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
        transformer: bool = False,
    ) -> None:
        super().__init__()
        blocks = {"dropout": dropout, "norm": norm, "activation": activation}
        self.tokens = GenomeTokens(
            n_features, n_covariates=n_covariates, segments=segments, **blocks
        )
        self.attention = nn.Identity()
        if transformer:
            self.attention = TokenTransformer(
                self.tokens.segment, dropout=dropout, activation=activation
            )
        self.norm = nn.LayerNorm(CHANNELS)
        self.rest = MLP(3 * CHANNELS, widths=widths, **blocks)
        self.n_outputs = self.rest.n_outputs

    def forward(self, x: Tensor | SparseRows, covariate: Tensor) -> Tensor:
        """[B, F] and [B, C] to [B, n_outputs]."""
        convolved, tokens = self.tokens(x, covariate)
        tokens = self.attention(tokens)  # [B, T, 64]
        pooled = [self.norm(convolved.sum(dim=1)), tokens.mean(dim=1), tokens.amax(dim=1)]
        return self.rest(torch.cat(pooled, dim=1))
