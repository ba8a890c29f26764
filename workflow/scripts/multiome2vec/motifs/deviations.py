"""Motif activity in cells: chromVAR's bias-corrected deviations (Schep et al. 2017)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

MIN_EXPECTED = 1.0  # counts; below it a score has no meaning
CELLS, REGIONS = 2048, 1024  # worked on at once: their dense arrays stay in the processor's cache


@dataclass(frozen=True)
class Deviations:
    """Scores of cells × motifs, float32.

    Attributes
    ----------
    deviation
        y − mean of the background's y, with y = (observed − expected) / expected.
    z
        Deviation over the standard deviation of the background's y.
    undefined
        True where expected < 1 or the background does not vary; there both scores are 0.
    """

    deviation: np.ndarray
    z: np.ndarray
    undefined: np.ndarray


def deviations(
    counts: sparse.csr_matrix,
    matches: sparse.csr_matrix,
    background: np.ndarray,
    *,
    progress: Callable[[Iterable], Iterable] = iter,
) -> Deviations:
    """Score the accessibility of each motif's regions in each cell.

    observed = Σ_{regions with the motif} counts; expected = n_cell · Σ_{the same} p_j, with p_j the
    share of region j in all counts. The same for every background set, in which each region is
    replaced by one alike in GC content and accessibility. Mean and variance over the sets are
    updated set by set (Welford 1962) in the arrays that are returned, so that nothing else of
    cells × motifs is held.

    Parameters
    ----------
    counts
        Cells × regions.
    matches
        Regions × motifs, 1 where a motif matches.
    background
        Regions × sets: index of the region that replaces each (:func:`background_regions`).
    progress
        Wraps the iteration over background sets.
    """
    matches = matches.astype(np.float32)
    share = np.asarray(counts.sum(axis=0, dtype=np.float64)).ravel()
    share /= share.sum()
    scores = Deviations(
        *(
            np.zeros((counts.shape[0], matches.shape[1]), kind)
            for kind in (np.float32, np.float32, bool)
        )
    )
    blocks = [
        _Block(counts, scores, slice(start, start + CELLS))
        for start in range(0, counts.shape[0], CELLS)
    ]
    for number, replacement in enumerate(progress(background.T), start=1):
        chosen = _replaced(matches, replacement)
        chosen_share = chosen.T @ share
        for block in blocks:
            block.add(chosen, chosen_share, number)
    for block in blocks:
        block.finish(matches, matches.T @ share, background.shape[1])
    return scores


class _Block:
    """Some of the cells.

    Until :meth:`finish`, ``deviation`` holds the mean of the background's y over the sets seen, and
    ``z`` the sum of its squared differences from that mean.
    """

    def __init__(self, counts: sparse.csr_matrix, scores: Deviations, rows: slice) -> None:
        mine = counts[rows].astype(np.float32).tocsc()
        self.depth = np.asarray(mine.sum(axis=1, dtype=np.float64))
        columns = [slice(start, start + REGIONS) for start in range(0, mine.shape[1], REGIONS)]
        self.parts = [(some, mine[:, some].tocsr()) for some in columns]
        self.deviation, self.z = scores.deviation[rows], scores.z[rows]
        self.undefined = scores.undefined[rows]

    def relative(self, chosen: sparse.csr_matrix, share: np.ndarray) -> np.ndarray:
        """(observed − expected) / expected, 0 where nothing is expected."""
        expected = (self.depth * share).astype(np.float32)
        y = -expected
        for some, counts in self.parts:
            y += counts @ chosen[some].toarray()  # twice as fast as sparse @ sparse
        return np.divide(y, expected, where=expected > 0, out=np.zeros_like(y))

    def add(self, chosen: sparse.csr_matrix, share: np.ndarray, number: int) -> None:
        """Take in the background set of this ``number``."""
        y = self.relative(chosen, share)
        difference = y - self.deviation
        self.deviation += difference / number
        y -= self.deviation
        self.z += difference * y

    def finish(self, matches: sparse.csr_matrix, share: np.ndarray, sets: int) -> None:
        """Turn mean and sum of squares over all ``sets`` into scores."""
        spread = np.sqrt(self.z / (sets - 1))
        self.undefined[:] = (self.depth * share < MIN_EXPECTED) | (spread == 0)
        spread[self.undefined] = 1
        self.deviation[:] = self.relative(matches, share) - self.deviation
        self.deviation[self.undefined] = 0
        self.z[:] = self.deviation / spread


def _replaced(matches: sparse.csr_matrix, replacement: np.ndarray) -> sparse.csr_matrix:
    """Give every region's matches to its replacement: rows add up where regions coincide."""
    n = len(replacement)
    move = sparse.csr_matrix((np.ones(n, np.float32), (replacement, np.arange(n))), shape=(n, n))
    return move @ matches
