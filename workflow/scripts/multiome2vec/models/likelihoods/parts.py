"""Log-shares of sparse targets among very many features, normalised over a part for each cell."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from multiome2vec.nn.input_linear import transposed_product, weighted_sums
from multiome2vec.nn.sparse_rows import SparseRows


class _TotalInParts(torch.autograd.Function):
    """Writes the gradient of the weight, which is large, once: each feature is in one part."""

    @staticmethod
    def forward(
        ctx, hidden: Tensor, weight: Tensor, offset: Tensor, x: SparseRows, parts: int
    ) -> Tensor:
        weighted = weighted_sums(x.columns, x.offsets, x.values, weight)
        sums, raised = x.values.new_empty(2, len(x))
        exponentials = []
        for part in _members(parts):
            logits = functional.linear(hidden[part], weight[part])
            found, highest = _exponentials(logits + offset[part])
            sums[part] = found.sum(dim=1)
            raised[part] = highest + torch.log(sums[part] * (len(offset) / found.shape[1]))
            exponentials.append(found.to(logits.dtype))
        ctx.save_for_backward(hidden, weight, offset, weighted, sums, *exponentials)
        ctx.x = x
        level = x.row_sums(x.values * offset[x.columns])
        return (hidden * weighted).sum(dim=1) + level - x.row_sums() * raised

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        hidden, weight, offset, weighted, sums, *exponentials = ctx.saved_tensors
        x = ctx.x
        of_hidden = gradient.unsqueeze(1) * weighted
        of_weight = transposed_product(x, x.values, gradient.unsqueeze(1) * hidden)
        of_offset = torch.zeros_like(offset)
        of_offset.index_add_(0, x.columns, x.values * gradient[x.rows])
        # times an exponential: the gradient of its logit through the normaliser
        factor = (-gradient * x.row_sums() / sums).unsqueeze(1)
        weighted_hidden = factor * hidden
        for part, found in zip(_members(len(exponentials)), exponentials, strict=True):
            of_hidden[part] += factor[part] * (found @ weight[part].to(found.dtype))
            of_offset[part] += (found.T @ factor[part].to(found.dtype)).squeeze(1)
            _add_product(of_weight[part], found.T, weighted_hidden[part].to(found.dtype))
        return of_hidden, of_weight, of_offset, None, None


def _exponentials(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Exponentials [b, f] of logits less the highest of their row, in place; the highest [b]."""
    highest = logits.amax(dim=1, keepdim=True)
    return logits.sub_(highest).exp_(), highest.squeeze(1)


def _members(parts: int) -> Iterator[slice]:
    """Members of each part, of cells as of features: one of every ``parts``."""
    return (slice(start, None, parts) for start in range(parts))


def _add_product(to: Tensor, left: Tensor, right: Tensor) -> None:
    """Add ``left · right`` to a tensor in place, without a copy of it if the types agree."""
    if to.dtype == left.dtype:
        to.addmm_(left, right)
    else:
        to += left @ right


def total_in_parts(
    hidden: Tensor, weight: Tensor, offset: Tensor, x: SparseRows, parts: int
) -> Tensor:
    """Estimate Σ_j x_j log ρ_j [B], ρ = softmax(hidden · weightᵀ + offset).

    Σ_j x_j logit_j is linear in the logits, hidden · (x · weight), so that only the normaliser
    needs them all. That is estimated, as in a sampled softmax (Jean et al. 2015, ACL): cells and
    features are dealt into parts like cards, and a cell's sum of exponentials runs over the
    features of its part, raised by log(F / their number). With the cells in random order the sums
    are unbiased and their logarithms too low by half their squared relative error. Every feature
    meets cells in every batch, so that its gradient is that of fewer cells instead of one that
    comes and goes.

    The sum of each part is known but not how they compare, if the parts are always the same; their
    number is to vary between numbers without a common divisor.

    Differentiable once, with respect to the first three. Nothing of size B × F is made.

    Parameters
    ----------
    hidden
        [B, H].
    weight
        [F, H].
    offset
        [F], float32.
    x
        [B, F].
    parts
        Number of parts; with 1 the result is exact.
    """
    return _TotalInParts.apply(hidden, weight, offset, x, parts)
