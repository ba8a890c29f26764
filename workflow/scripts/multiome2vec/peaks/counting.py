"""Counts of fragments in regions, cell by cell, in one pass over a fragments file.

Units (a fragment [start, end) has its transposition sites at ``start`` and ``end - 1``):

``paired-insertion``
    regions that hold at least one of the two sites get 1 (Miao & Kim 2024, PIC);
``insertion``
    regions get 1 for each site they hold;
``fragment``
    regions that the fragment overlaps get 1.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp

from multiome2vec import keys
from multiome2vec.peaks.stream import Batch

FLUSH = 1 << 25  # hits gathered before they are summed


@dataclass(frozen=True)
class RegionCounts:
    """What a pass over the fragments finds.

    Attributes
    ----------
    counts
        CSR int32, cells × regions, sorted indices.
    fragments
        Fragments per cell, int64.
    fragments_in_regions
        Fragments per cell that overlap any region, int64.
    """

    counts: sp.csr_matrix
    fragments: np.ndarray
    fragments_in_regions: np.ndarray


def count_in_regions(
    batches: Iterable[Batch],
    *,
    regions: pd.DataFrame,
    chrom_sizes: pd.Series,
    n_cells: int,
    counting: str,
) -> RegionCounts:
    """Count fragments in regions; regions may overlap each other and be of any width.

    Parameters
    ----------
    batches
        Fragments, with chromosomes coded by position in ``chrom_sizes``.
    regions
        Columns chrom, start, end; any order.
    chrom_sizes
        Lengths (bp) of the chromosomes read; regions elsewhere stay empty.
    n_cells
        Number of cells that the batches code.
    counting
        ``paired-insertion``, ``insertion`` or ``fragment``.
    """
    find = HITS[counting]
    offsets = np.concatenate([[0], np.cumsum(chrom_sizes.to_numpy(np.int64))])
    layers = list(_layers(regions, chrom_sizes, offsets))
    matrix = _Accumulator((n_cells, len(regions)))
    total, inside = np.zeros(n_cells, np.int64), np.zeros(n_cells, np.int64)
    for batch in batches:
        start, end = batch.start + offsets[batch.chrom], batch.end + offsets[batch.chrom]
        total += np.bincount(batch.cell, minlength=n_cells)
        overlapping = np.zeros(len(start), bool)
        for layer in layers:
            overlapping |= layer.overlaps(start, end)
            rows, columns = find(layer, start, end)
            matrix.add(batch.cell[rows], columns)
        inside += np.bincount(batch.cell[overlapping], minlength=n_cells)
    return RegionCounts(matrix.total(), total, inside)


@dataclass(frozen=True)
class _Layer:
    """Regions that do not overlap each other, sorted, on one axis of all chromosomes."""

    starts: np.ndarray
    ends: np.ndarray
    columns: np.ndarray  # position of each region in the matrix

    def overlaps(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Whether each interval overlaps any region."""
        first = np.searchsorted(self.ends, start, side="right")
        return first < np.searchsorted(self.starts, end, side="left")

    def holding(self, position: np.ndarray) -> np.ndarray:
        """Index of the region that holds each position, -1 where none does."""
        index = np.searchsorted(self.starts, position, side="right") - 1
        held = (index >= 0) & (position < self.ends[index])
        return np.where(held, index, -1)


def _layers(regions: pd.DataFrame, chrom_sizes: pd.Series, offsets: np.ndarray) -> Iterator[_Layer]:
    """Split regions greedily into as few layers as their deepest overlap needs."""
    chrom = chrom_sizes.index.get_indexer(regions[keys.CHROM].astype(str))
    columns = np.flatnonzero(chrom >= 0)
    shift = offsets[chrom[columns]]
    starts = regions[keys.START].to_numpy(np.int64)[columns] + shift
    ends = regions[keys.END].to_numpy(np.int64)[columns] + shift
    order = np.lexsort((ends, starts))
    starts, ends, columns = starts[order], ends[order], columns[order]
    while len(starts):
        chosen = _first_layer(starts, ends)
        yield _Layer(starts[chosen], ends[chosen], columns[chosen])
        starts, ends, columns = starts[~chosen], ends[~chosen], columns[~chosen]


def _first_layer(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Mask of the sorted regions that do not overlap the last one taken."""
    if not (starts[1:] < np.maximum.accumulate(ends)[:-1]).any():
        return np.ones(len(starts), bool)
    chosen = np.zeros(len(starts), bool)
    free_from = -1
    for row, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        if start >= free_from:
            chosen[row] = True
            free_from = end
    return chosen


def _insertion_hits(layer: _Layer, start: np.ndarray, end: np.ndarray):
    return _held(layer, layer.holding(start), layer.holding(end - 1))


def _paired_insertion_hits(layer: _Layer, start: np.ndarray, end: np.ndarray):
    first, second = layer.holding(start), layer.holding(end - 1)
    return _held(layer, first, np.where(second == first, -1, second))


def _held(layer: _Layer, first: np.ndarray, second: np.ndarray):
    rows = np.concatenate([np.flatnonzero(first >= 0), np.flatnonzero(second >= 0)])
    hits = np.concatenate([first[first >= 0], second[second >= 0]])
    return rows, layer.columns[hits]


def _fragment_hits(layer: _Layer, start: np.ndarray, end: np.ndarray):
    first = np.searchsorted(layer.ends, start, side="right")
    n_hits = np.searchsorted(layer.starts, end, side="left") - first
    rows = np.repeat(np.arange(len(start)), n_hits)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(n_hits) - n_hits, n_hits)
    return rows, layer.columns[first[rows] + within]


HITS = {
    keys.PAIRED_INSERTION: _paired_insertion_hits,
    keys.INSERTION: _insertion_hits,
    keys.FRAGMENT: _fragment_hits,
}


class _Accumulator:
    """Sum of single hits as a CSR matrix; memory follows the result, not the number of hits."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape = shape
        self._hits: list[tuple[np.ndarray, np.ndarray]] = []
        self._n_hits = 0
        self._sums: list[sp.csr_matrix] = []

    def add(self, rows: np.ndarray, columns: np.ndarray) -> None:
        self._hits.append((rows.astype(np.int32), columns.astype(np.int32)))
        self._n_hits += len(rows)
        if self._n_hits >= FLUSH:
            self._flush()

    def total(self) -> sp.csr_matrix:
        """Sum of everything added."""
        self._flush()
        while len(self._sums) > 1:
            self._sums.append(self._sums.pop() + self._sums.pop())
        return self._sums[0]

    def _flush(self) -> None:
        rows = np.concatenate([np.empty(0, np.int32), *(rows for rows, _ in self._hits)])
        columns = np.concatenate([np.empty(0, np.int32), *(columns for _, columns in self._hits)])
        self._hits, self._n_hits = [], 0
        ones = np.ones(len(rows), np.int32)
        hits = sp.coo_matrix((ones, (rows, columns)), shape=self.shape).tocsr()
        self._sums.append(hits)
        # sums of similar size are added first, so that each hit is copied O(log n) times
        while len(self._sums) > 1 and self._sums[-1].nnz >= self._sums[-2].nnz // 2:
            self._sums.append(self._sums.pop() + self._sums.pop())
