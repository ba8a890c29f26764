"""Log-shares of the few entries that a sparse target has."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from multiome2vec.nn.sparse_rows import SparseRows

#: values of a block of rows on a CPU, 1 MB of them: what one pass reads the next finds in the cache
BLOCK = 2**18


class _LogSharesAt(torch.autograd.Function):
    """Makes nothing of the logits' size but their gradient: half the time of a log-softmax."""

    @staticmethod
    def forward(ctx, logits: Tensor, offset: Tensor, x: SparseRows) -> Tensor:
        normaliser = offset.new_empty(len(logits))
        for rows, _ in _blocks(logits, x):
            normaliser[rows] = torch.logsumexp(logits[rows] + offset, dim=1)
        ctx.save_for_backward(logits, offset, normaliser)
        ctx.x = x
        return x.pick(logits) + offset[x.columns] - normaliser[x.rows]

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        logits, offset, normaliser = ctx.saved_tensors
        x, n_features = ctx.x, logits.shape[1]
        totals = x.row_sums(gradient)
        of_logits, of_offset = torch.empty_like(logits), torch.zeros_like(offset)
        for rows, entries in _blocks(logits, x):
            shares = (logits[rows] + offset).sub_(normaliser[rows, None]).exp_()
            part = shares.mul_(-totals[rows, None])
            positions = (x.rows[entries] - rows.start) * n_features + x.columns[entries]
            part.view(-1).index_add_(0, positions, gradient[entries])
            of_logits[rows] = part
            of_offset += part.sum(dim=0)
        return of_logits, of_offset, None


def _blocks(logits: Tensor, x: SparseRows) -> Iterator[tuple[slice, slice]]:
    """Rows of every block and their entries; a GPU has all rows in one."""
    n_rows, n_features = logits.shape
    if logits.device.type != "cpu":
        yield slice(0, n_rows), slice(0, len(x.columns))
        return
    size = max(1, BLOCK // n_features)
    for start in range(0, n_rows, size):
        stop = min(start + size, n_rows)
        yield slice(start, stop), slice(int(x.offsets[start]), int(x.offsets[stop]))


def log_shares_at(logits: Tensor, offset: Tensor, x: SparseRows) -> Tensor:
    """Elements [N] of log softmax(logits + offset) at the entries of ``x``, in float32.

    Differentiable once, with respect to the logits and the offset.

    Parameters
    ----------
    logits
        [B, F], of any floating type.
    offset
        [F], float32.
    """
    return _LogSharesAt.apply(logits, offset, x)
