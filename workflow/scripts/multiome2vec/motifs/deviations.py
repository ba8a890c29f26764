"""Motif activity in cells: chromVAR's bias-corrected deviations (Schep et al. 2017)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

MIN_EXPECTED = 1.0  # counts; below it a score has no meaning
BLOCK = 4096  # cells at once


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
    replaced by one alike in GC content and accessibility.

    Parameters
    ----------
    counts
        Cells × regions.
    matches
        Regions × motifs, 1 where a motif matches.
    background
        Regions × sets: index of the region that replaces each (:func:`background_regions`).
    progress
        Wraps the iteration over blocks of cells.
    """
    n_cells, n_motifs = counts.shape[0], matches.shape[1]
    share = np.asarray(counts.sum(axis=0)).ravel() / counts.sum()
    sets = [matches.astype(np.float32)]
    sets += [_replaced(sets[0], replacement) for replacement in background.T]
    expected_share = [np.asarray(chosen.T @ share).ravel() for chosen in sets]
    result = Deviations(
        *(np.zeros((n_cells, n_motifs), kind) for kind in (np.float32, np.float32, bool))
    )
    for start in progress(range(0, n_cells, BLOCK)):
        rows = slice(start, start + BLOCK)
        block = counts[rows].astype(np.float32)
        depth = np.asarray(block.sum(axis=1))
        y, *backgrounds = (
            _relative(block, chosen, depth * expected)
            for chosen, expected in zip(sets, expected_share, strict=True)
        )
        mean, spread = np.mean(backgrounds, axis=0), np.std(backgrounds, axis=0, ddof=1)
        undefined = (depth * expected_share[0] < MIN_EXPECTED) | (spread == 0)
        deviation = np.where(undefined, 0, y - mean)
        result.deviation[rows] = deviation
        result.z[rows] = np.divide(
            deviation, spread, where=~undefined, out=np.zeros_like(deviation)
        )
        result.undefined[rows] = undefined
    return result


def _replaced(matches: sparse.csr_matrix, replacement: np.ndarray) -> sparse.csr_matrix:
    """Give every region's matches to its replacement: rows add up where regions coincide."""
    n = len(replacement)
    move = sparse.csr_matrix((np.ones(n, np.float32), (replacement, np.arange(n))), shape=(n, n))
    return move @ matches


def _relative(block: sparse.csr_matrix, chosen: sparse.csr_matrix, expected: np.ndarray):
    """(observed − expected) / expected, 0 where nothing is expected."""
    observed = (block @ chosen).toarray()
    return np.divide(
        observed - expected, expected, where=expected > 0, out=np.zeros_like(observed, dtype=float)
    )
