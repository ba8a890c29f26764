"""Rows of sparse matrices as three compact arrays: gathering, choice of columns, conversion."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from scipy import sparse

from multiome2vec.nn.sparse_rows import SparseRows

#: below this many entries scipy holds a matrix with 32-bit offsets; its gathering is then fastest
SCIPY_LIMIT = 2**31 - 1
ROWS_AT_A_TIME = 1024  # rows that a pass over a whole store takes at once


class Csr(NamedTuple):
    """Rows of a sparse matrix; columns ascend within a row and no entry is 0.

    Attributes
    ----------
    indptr
        [B + 1] int64.
    indices
        [N] int32.
    values
        [N], of any real type.
    """

    indptr: np.ndarray
    indices: np.ndarray
    values: np.ndarray


def smallest_type(values: np.ndarray) -> np.dtype:
    """Smallest of uint8, uint16 and float32 that holds the values (float32 to its precision)."""
    if values.dtype in (np.uint8, np.bool_) or not len(values):
        return np.dtype(np.uint8)
    low, high = values.min(), values.max()
    whole = values.dtype.kind in "iu" or bool((values == np.floor(values)).all())
    if low < 0 or high > np.iinfo(np.uint16).max or not whole:
        return np.dtype(np.float32)
    return np.dtype(np.uint8 if high <= np.iinfo(np.uint8).max else np.uint16)


def offsets_of(lengths: np.ndarray) -> np.ndarray:
    """Offsets [B + 1] of rows of these lengths [B]."""
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def gather(rows: Csr, index: np.ndarray) -> Csr:
    """Take rows by index.

    One copy per row: where rows are long this is six times as fast as fancy indexing of the
    entries, which needs a position for each of them.
    """
    starts, ends = rows.indptr[index], rows.indptr[index + 1]
    if not len(index):
        return Csr(np.zeros(1, np.int64), rows.indices[:0], rows.values[:0])
    spans = list(map(slice, starts.tolist(), ends.tolist()))
    return Csr(
        offsets_of(ends - starts),
        np.concatenate([rows.indices[span] for span in spans]),
        np.concatenate([rows.values[span] for span in spans]),
    )


def pick(rows: Csr, *, lookup: np.ndarray | None = None, wanted: np.ndarray | None = None) -> Csr:
    """Keep some columns and some rows, and no zeros.

    Parameters
    ----------
    lookup
        New number of every column, negative for those to drop; None keeps all.
    wanted
        Whether to keep each row; None keeps all.
    """
    indptr, indices, values = rows
    keep = values != 0
    if lookup is not None:
        indices = lookup[indices]
        keep &= indices >= 0
    if wanted is not None and not wanted.all():
        keep &= np.repeat(wanted, np.diff(indptr))
    if not keep.all():
        indptr = offsets_of(keep)[indptr]
        indices, values = indices[keep], values[keep]
    if wanted is not None:
        indptr = offsets_of(np.diff(indptr)[wanted])
    return _canonical(Csr(indptr, indices.astype(np.int32, copy=False), values))


def lookup_table(columns: np.ndarray, *, n_columns: int) -> np.ndarray:
    """Give each of ``n_columns`` its new number when only ``columns`` are kept, -1 to the rest."""
    lookup = np.full(n_columns, -1, np.int32)
    lookup[columns] = np.arange(len(columns), dtype=np.int32)
    return lookup


def join(parts: Iterator[Csr], *, expected: int = 0) -> Csr:
    """Put rows below each other, values in the smallest type that holds all of them.

    Arrays grow in place by a quarter, so that the peak stays near the size of the result.

    Parameters
    ----------
    expected
        Entries to make room for; what is not used takes no memory.
    """
    indices, values = np.empty(expected, np.int32), np.empty(expected, np.uint8)
    lengths, filled = [], 0
    for part in parts:
        kind = np.promote_types(values.dtype, smallest_type(part.values))
        if kind != values.dtype:
            values = values.astype(kind)
        end = filled + len(part.indices)
        if end > len(indices):
            for array in (indices, values):
                array.resize(max(end, len(indices) * 5 // 4), refcheck=False)
        indices[filled:end], values[filled:end] = part.indices, part.values
        lengths.append(np.diff(part.indptr))
        filled = end
    for array in (indices, values):
        array.resize(filled, refcheck=False)
    return Csr(offsets_of(np.concatenate([np.zeros(0, np.int64), *lengths])), indices, values)


def as_sparse_rows(
    rows: Csr, *, there: np.ndarray, n_columns: int, device: torch.device
) -> SparseRows:
    """Tensors of rows, made on ``device`` from the compact arrays; rows not ``there`` are empty.

    Parameters
    ----------
    rows
        Those that are there.
    there
        [B] bool.
    """
    lengths = np.zeros(len(there), np.int64)
    lengths[there] = np.diff(rows.indptr)
    values = rows.values.astype(np.int32) if rows.values.dtype == np.uint16 else rows.values
    return SparseRows.from_csr(
        torch.from_numpy(offsets_of(lengths)).to(device),
        torch.from_numpy(rows.indices).to(device).long(),
        torch.from_numpy(values).to(device).float(),
        n_columns=n_columns,
    )


def _canonical(rows: Csr) -> Csr:
    """Sort the columns of each row and add up those that occur twice, where that is needed."""
    ascends = np.diff(rows.indices) > 0
    starts = rows.indptr[1:-1]
    starts = starts[(starts > 0) & (starts < len(rows.indices))]
    ascends[starts - 1] = True
    if ascends.all():
        return rows
    width = int(rows.indices.max()) + 1
    matrix = sparse.csr_matrix(
        (rows.values.astype(np.float64), rows.indices, rows.indptr),
        shape=(len(rows.indptr) - 1, width),
    )
    matrix.sum_duplicates()
    return Csr(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data)
