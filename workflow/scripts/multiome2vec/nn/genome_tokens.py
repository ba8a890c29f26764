"""Features along the genome as a row of tokens, by convolutions that stay on a chromosome.

Neighbours are looked up in the row of all tokens, and those on another chromosome count as 0: the
same as a convolution of each chromosome padded with zeros, at no cost for the padding.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from multiome2vec.errors import UserError
from multiome2vec.nn.input_linear import offsets_of, sparse_product
from multiome2vec.nn.mlp import block_end
from multiome2vec.nn.sparse_rows import SparseRows

#: Neighbouring features are pooled until at most about this many bins are left, so that a step
#: costs the same for any number of regions beyond it.
MAX_BINS = 1024
BIN_CHANNELS = 16
CHANNELS = 64
STRIDE = 4  # bins per token
DILATIONS = (1, 2, 4, 8)


def shifted(tokens: Tensor, segment: Tensor, by: int) -> Tensor:
    """Token ``by`` places further along the same chromosome, or 0 if there is none.

    Parameters
    ----------
    tokens
        [B, T, C].
    segment
        Chromosome of each token [T].
    by
        Places to the right, or to the left if negative.
    """
    before, after = max(-by, 0), max(by, 0)
    start, stop = after, after + len(segment)
    moved = functional.pad(tokens, (0, 0, before, after))[:, start:stop]
    same = functional.pad(segment, (before, after), value=-1)[start:stop] == segment
    return moved * same.unsqueeze(1)


def begin_small(layer: nn.Linear) -> None:
    """Let the last layer of a residual branch begin a tenth as large as it was, without a bias.

    Otherwise what the branches add to every token alike hides, in the mean over the tokens, what
    differs between cells, and training stalls at first.
    """
    with torch.no_grad():
        layer.weight.mul_(0.1)
        layer.bias.zero_()


class BinPool(nn.Module):
    """Weighted sums of neighbouring features: ``Σ_j w_jc x_j`` over the features j of a bin.

    Every ``width`` successive features of a chromosome are a bin, the last ones perhaps fewer, and
    empty bins fill the chromosome up to a multiple of 4. Each feature has its own learnt weights
    w_j, one per channel c, which begins within ±1/√F as those of an
    :class:`~multiome2vec.nn.input_linear.InputLinear`: steps of the optimiser are of a size, and
    weights that begin larger learn too slowly for features that few cells have.

    Parameters
    ----------
    segments
        Number of features on each chromosome.
    n_channels
        Weights per feature.

    Attributes
    ----------
    segment
        Chromosome of each group of 4 bins [T].
    """

    def __init__(self, segments: Sequence[int], n_channels: int) -> None:
        super().__init__()
        self.width = -(-sum(segments) // MAX_BINS)
        span = self.width * STRIDE
        n_tokens = torch.tensor([-(-n // span) for n in segments])
        starts = functional.pad(n_tokens.cumsum(0), (1, 0)) * span
        slots = [start + torch.arange(n) for start, n in zip(starts[:-1], segments, strict=True)]
        #: place of each feature in the row of all bins' places
        self.register_buffer("slot", torch.cat(slots), persistent=False)
        segment = torch.repeat_interleave(torch.arange(len(segments)), n_tokens)
        self.register_buffer("segment", segment, persistent=False)
        self.weight = nn.Parameter(torch.empty(sum(segments), n_channels))
        bound = sum(segments) ** -0.5
        nn.init.uniform_(self.weight, -bound, bound)

    def forward(self, x: Tensor | SparseRows) -> Tensor:
        """[B, F] to [B, 4·T, n_channels]."""
        return self._sparse(x) if isinstance(x, SparseRows) else self._dense(x)

    def _dense(self, x: Tensor) -> Tensor:
        n_bins = len(self.segment) * STRIDE
        placed = x.new_zeros(len(x), n_bins * self.width).index_copy(1, self.slot, x)
        weight = self.weight.new_zeros(n_bins * self.width, self.weight.shape[1])
        weight = weight.index_copy(0, self.slot, self.weight)
        return torch.einsum(
            "bnw,nwc->bnc",
            placed.unflatten(1, (n_bins, self.width)),
            weight.unflatten(0, (n_bins, self.width)),
        )

    def _sparse(self, x: SparseRows) -> Tensor:
        """Entries regrouped by cell and bin are the rows of a sparse matrix [B · bins, F]."""
        n_bins = len(self.segment) * STRIDE
        bins = x.rows * n_bins + self.slot[x.columns] // self.width
        rows, order = torch.sort(bins, stable=True)
        by_bin = SparseRows(
            offsets_of(rows, len(x) * n_bins), rows, x.columns[order], x.values[order], x.n_columns
        )
        return sparse_product(by_bin, self.weight).unflatten(0, (len(x), n_bins))


class ResidualBlock(nn.Module):
    """``tokens + Conv(Drop(act(norm(tokens))))``, a dilated convolution over three tokens.

    Pre-activation (He et al. 2016, ECCV); the norm is over the channels of a token, or for
    ``batch`` over all tokens of all cells.

    Parameters
    ----------
    dilation
        Distance of the neighbours.
    dropout, norm, activation
        As in :class:`~multiome2vec.nn.mlp.MLP`.
    """

    def __init__(self, dilation: int, *, dropout: float, norm: str, activation: str) -> None:
        super().__init__()
        self.dilation = dilation
        self.start = nn.Sequential(*block_end(CHANNELS, dropout, norm, activation))
        self.convolution = nn.Linear(3 * CHANNELS, CHANNELS)
        begin_small(self.convolution)

    def forward(self, tokens: Tensor, segment: Tensor) -> Tensor:
        """[B, T, C] to [B, T, C]; ``segment`` is the chromosome of each token [T]."""
        x = self.start(tokens.flatten(0, 1)).view_as(tokens)
        left = shifted(x, segment, -self.dilation)
        right = shifted(x, segment, self.dilation)
        return tokens + self.convolution(torch.cat([left, x, right], dim=2))


class GenomeTokens(nn.Module):
    """Features → bins → convolution (7 bins, stride 4) → residual blocks, dilated 1, 2, 4 and 8.

    Parameters
    ----------
    n_features
        Number F of features, ordered by chromosome and position.
    n_covariates
        Width C of the covariate, which shifts all tokens.
    segments
        Number of features on each chromosome, in this order.
    dropout, norm, activation
        As in :class:`~multiome2vec.nn.mlp.MLP`.

    Attributes
    ----------
    segment
        Chromosome of each token [T].

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
        segments: Sequence[int] | None,
        dropout: float,
        norm: str,
        activation: str,
    ) -> None:
        super().__init__()
        if segments is None:
            raise UserError(
                "A CNN encoder reads features along the genome, but those of its modality have no "
                "positions. Use it for regions only, or choose another encoder."
            )
        if sum(segments) != n_features:
            raise UserError(
                f"The chromosomes have {sum(segments)} features, but the modality {n_features}. "
                "Name all regions chrom:start-end and sort them by position."
            )
        self.bins = BinPool(segments, BIN_CHANNELS)
        self.convolution = nn.Linear(7 * BIN_CHANNELS, CHANNELS, bias=False)
        self.covariate_weight = nn.Parameter(torch.empty(n_covariates, CHANNELS))
        # the blocks are the same everywhere: this tells them where on the genome they are
        self.position = nn.Parameter(torch.empty(len(self.segment), CHANNELS))
        for parameter in (self.covariate_weight, self.position):
            nn.init.uniform_(parameter, -(CHANNELS**-0.5), CHANNELS**-0.5)
        blocks = {"dropout": dropout, "norm": norm, "activation": activation}
        self.blocks = nn.ModuleList(ResidualBlock(d, **blocks) for d in DILATIONS)

    @property
    def segment(self) -> Tensor:
        """Chromosome of each token [T]."""
        return self.bins.segment

    def forward(self, x: Tensor | SparseRows, covariate: Tensor) -> tuple[Tensor, Tensor]:
        """[B, F] and [B, C] to tokens before and after the blocks, both [B, T, 64]."""
        own = self.bins(x).unflatten(1, (-1, STRIDE)).flatten(start_dim=2)  # 4 bins of a token
        # three bins of the token before, four of its own: 7 with the first of its own in the middle
        before = shifted(own[..., BIN_CHANNELS:], self.segment, -1)
        convolved = self.convolution(torch.cat([before, own], dim=2))
        tokens = convolved + self.position + (covariate @ self.covariate_weight).unsqueeze(1)
        for block in self.blocks:
            tokens = block(tokens, self.segment)
        return convolved, tokens
