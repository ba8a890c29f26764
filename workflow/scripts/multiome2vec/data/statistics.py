"""Sums over the cells of a store, some at a time."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from multiome2vec.data.csr import ROWS_AT_A_TIME
from multiome2vec.data.device import CPU
from multiome2vec.data.stores import DenseStore, Store
from multiome2vec.nn.sparse_rows import SparseRows

SAMPLE_BLOCKS, SAMPLE_ROWS = 16, 64  # rows from which a density is estimated


@dataclass(frozen=True)
class RawSums:
    """Sums over the cells that have a modality.

    Attributes
    ----------
    n_cells
        Number of these cells.
    count
        Defined entries of each feature [F].
    total, square
        Sum and sum of squares of its defined entries [F].
    n_open
        Cells in which it is above 0 [F].
    median_library
        Median over the cells of the sum over the features.
    log_library
        Mean and standard deviation over the cells of the logarithm of this sum (at least 1).
    """

    n_cells: int
    count: np.ndarray
    total: np.ndarray
    square: np.ndarray
    n_open: np.ndarray
    median_library: float
    log_library: tuple[float, float]


def raw_sums(store: Store, rows: np.ndarray) -> RawSums:
    """Sum over rows of a store, in double precision; nothing larger than a chunk is read.

    Parameters
    ----------
    rows
        Numbers of rows; they are read in ascending order.
    """
    n_features = store.shape[1]
    count, total, square, n_open = (np.zeros(n_features) for _ in range(4))
    libraries = []
    for index in _chunks(np.sort(rows)):
        values = store.rows(index, CPU)
        if isinstance(values, SparseRows):
            parts = _sparse_sums(values)
        else:
            parts = _dense_sums(values, store, index)
        for sums, part in zip((count, total, square, n_open), parts[:4], strict=True):
            sums += part
        libraries.append(parts[4])
    library = np.concatenate(libraries) if len(rows) else np.zeros(1)
    logs = np.log(library.clip(min=1))
    return RawSums(
        len(rows),
        count,
        total,
        square,
        n_open.astype(np.int64),
        median_library=float(np.median(library)),
        log_library=(float(logs.mean()), float(logs.std())),
    )


def density(store: Store) -> float:
    """Share of the entries that are not 0, from up to 1,024 rows spread over the store."""
    n_rows, n_features = store.shape
    starts = np.linspace(0, n_rows, SAMPLE_BLOCKS, endpoint=False).astype(np.int64)
    rows = np.unique((starts[:, None] + np.arange(SAMPLE_ROWS)).clip(max=n_rows - 1))
    if not n_features or not n_rows:
        return 0.0
    return float(raw_sums(store, rows).n_open.sum() / (len(rows) * n_features))


def log_share_variance(store: Store, rows: np.ndarray, *, scale: float | None) -> np.ndarray:
    """Variance [F] over rows of log1p(``scale`` · share of the row's sum).

    Parameters
    ----------
    scale
        None for the variance of the values as they are.
    """
    total, square = np.zeros(store.shape[1]), np.zeros(store.shape[1])
    for index in _chunks(np.sort(rows)):
        values = store.rows(index, CPU)
        entries = values.values.double()
        if scale is not None:
            library = values.row_sums(entries).clamp(min=1)
            entries = (scale * entries / library[values.rows]).log1p()
        total += _by_column(values, entries)
        square += _by_column(values, entries**2)
    n_rows = max(len(rows), 1)
    return square / n_rows - (total / n_rows) ** 2


def _chunks(rows: np.ndarray) -> list[np.ndarray]:
    return np.split(rows, range(ROWS_AT_A_TIME, len(rows), ROWS_AT_A_TIME))


def _sparse_sums(values: SparseRows) -> tuple[np.ndarray, ...]:
    """Count, total, square, open cells [F] and library [B] of rows."""
    entries = values.values.double()
    return (
        np.full(values.n_columns, len(values)),
        _by_column(values, entries),
        _by_column(values, entries**2),
        _by_column(values, (entries > 0).double()),
        values.row_sums(entries).numpy(),
    )


def _dense_sums(values: Tensor, store: DenseStore, index: np.ndarray) -> tuple[np.ndarray, ...]:
    """Count, total, square, open cells [F] and library [B] of rows, where they are defined."""
    where = store.defined(index, CPU)
    values = values.double().numpy()
    defined = np.ones_like(values) if where is None else where.double().numpy()
    kept = values * defined
    sums = (defined, kept, kept**2, kept > 0)
    return (*(part.sum(axis=0) for part in sums), kept.sum(axis=1))


def _by_column(values: SparseRows, entries: Tensor) -> np.ndarray:
    """Sum entries by column [F]."""
    return np.bincount(values.columns.numpy(), entries.numpy(), minlength=values.n_columns)
