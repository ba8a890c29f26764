"""Contrastive learning: InfoNCE with several positives, its head, and augmented views of cells."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from multiome2vec.errors import UserError
from multiome2vec.nn.sparse_rows import SparseRows


class Projection(nn.Module):
    """Head of the contrastive space: Linear, ReLU, Linear; outputs of length 1.

    Parameters
    ----------
    n_latent, width, n_outputs
        Widths of the input, the hidden layer and the output.
    """

    def __init__(self, n_latent: int, width: int, n_outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_latent, width), nn.ReLU(), nn.Linear(width, n_outputs)
        )

    def forward(self, latent: Tensor) -> Tensor:
        """[n, D] to unit vectors [n, n_outputs]."""
        return functional.normalize(self.layers(latent), dim=-1)


def info_nce(a: Tensor, b: Tensor, positives: Tensor, temperature: float) -> Tensor:
    """Symmetric InfoNCE with supervised positives, in nats.

    −½ [mean_i log Σ_{j ∈ P(i)} e^{s_ij/τ} / Σ_j e^{s_ij/τ} + the same of the transpose] with cosine
    similarities s (van den Oord 2018, Khosla 2020). Rows and columns without a positive are left
    out; without any positive the loss is 0.

    Parameters
    ----------
    a, b
        [n, d] and [m, d]; only their directions count.
    positives
        Boolean [n, m].
    temperature
        τ.
    """
    similarity = functional.normalize(a, dim=-1) @ functional.normalize(b, dim=-1).T / temperature
    return 0.5 * (_one_way(similarity, positives) + _one_way(similarity.T, positives.T))


def _one_way(logits: Tensor, positives: Tensor) -> Tensor:
    """Return mean over the rows with a positive of −log of the share of the positives."""
    has = positives.any(dim=1)
    logits, positives = logits[has], positives[has]
    chosen = logits.masked_fill(~positives, -torch.inf).logsumexp(dim=1)
    return (logits.logsumexp(dim=1) - chosen).sum() / has.sum().clamp(min=1)


def chance_level(positives: Tensor) -> float:
    """Value of :func:`info_nce` if all similarities are equal, for positives [n, m], in nats.

    With one positive per row and column of n × n, log n.
    """
    levels = []
    for matrix in (positives, positives.T):
        counts = matrix.sum(dim=1)
        used = counts[counts > 0].double()
        levels.append(float((math.log(matrix.shape[1]) - used.log()).sum()) / max(len(used), 1))
    return sum(levels) / 2


def _entries(values: Tensor | SparseRows) -> Tensor:
    """Return the stored values: [B, F] of dense ones, [N] of sparse rows."""
    return values.values if isinstance(values, SparseRows) else values


def _with_entries(values: Tensor | SparseRows, entries: Tensor) -> Tensor | SparseRows:
    """Return the same cells with other stored values."""
    return values.with_values(entries) if isinstance(values, SparseRows) else entries


def add_noise(
    values: Tensor | SparseRows, *, sd: float, generator: torch.Generator
) -> Tensor | SparseRows:
    """Add normal noise to continuous values [B, F]; of sparse rows, to the stored ones, down to 0.

    Parameters
    ----------
    values
        Of one modality; counts are better thinned.
    sd
        Standard deviation, in the unit of the values.
    generator
        Random numbers, from its device.
    """
    entries = _entries(values)
    noise = torch.randn(entries.shape, generator=generator, device=generator.device)
    noisy = entries + sd * noise.to(entries)
    return _with_entries(values, noisy.clamp(min=0) if isinstance(values, SparseRows) else noisy)


def thin_counts(
    values: Tensor | SparseRows, *, keep: float, generator: torch.Generator
) -> Tensor | SparseRows:
    """Keep each count [B, F] with probability ``keep``: binomial draws.

    Parameters
    ----------
    values
        Counts of one modality.
    keep
        Share of the counts that is kept on average.
    generator
        Random numbers, from its device.

    Raises
    ------
    UserError
        If values are negative or not whole.
    """
    entries = _entries(values)
    if bool(((entries < 0) | (entries != entries.round())).any()):
        raise UserError(
            "Only counts can be thinned, but values are negative or not whole: "
            "use masking or noise for this modality"
        )
    counts = entries.to(generator.device)
    thinned = torch.binomial(counts, torch.full_like(counts, keep), generator=generator)
    return _with_entries(values, thinned.to(entries))
