"""Activity of region sets in cells: the area under a cell's recovery curve (AUCell).

A cell's regions are ranked from the most accessible on; the recovery curve of a set counts its
regions among the first ranks. The area below it within the first ``top`` ranks, in the scale of
AUCell and ctxcore (Aibar et al. 2017, doi:10.1038/nmeth.4463), is

    AUC = sum over regions of the set of max(top − 1 − rank, 0) / (top · size),  rank = 0, 1, ...

Regions of equal accessibility share their ranks evenly. That is the mean of AUCell's score over all
orders of the ties, of which AUCell draws one: no chance is involved. It matters for counts, most of
which are 0 or 1.
"""

import numpy as np
from scipy import sparse

from multiome2vec.errors import UserError

ROUNDING = 1e-6  # a set whose AUC has a standard deviation below it is the same in all cells
BLOCK = 4_000_000  # cells × regions whose imputed accessibility is in memory at once


def first_ranks(n_regions: int, *, threshold: float) -> int:
    """Ranks looked at: a share of the regions, two or more.

    Raises
    ------
    UserError
        If the share is less than two regions.
    """
    top = round(threshold * n_regions)
    if top < 2:
        raise UserError(
            f"The first {100 * threshold:g} % of {n_regions} regions are {top}; a region-set AUC "
            "needs two or more. Raise motifs.auc.threshold."
        )
    return top


def imputed_auc(
    theta: np.ndarray, phi: np.ndarray, sets: sparse.csr_matrix, *,
    top: int, relative: bool, block: int = BLOCK,
) -> np.ndarray:  # fmt: skip
    """AUC with regions ranked by imputed accessibility θ φᵀ.

    Regions with the same shares in all topics are ties in every cell; they are ranked as one group.
    The first ranks of imputed accessibility belong to the regions that are open in all cells;
    relative to their means over cells, to those that tell the cell from others.

    Parameters
    ----------
    theta, phi
        Cells × topics and regions × topics.
    sets
        Regions × sets, 0 or 1.
    top
        Ranks looked at (:func:`first_ranks`).
    relative
        Divide each region's imputed accessibility by its mean over the cells.
    block
        Entries of a dense block of cells × regions.

    Returns
    -------
    numpy.ndarray
        Cells × sets, float32; 0 for a set without regions.
    """
    group_phi, group, size = np.unique(phi, axis=0, return_inverse=True, return_counts=True)
    group_phi, group = group_phi.astype(np.float64), group.ravel()
    if relative:
        group_phi /= (group_phi @ theta.mean(axis=0, dtype=np.float64))[:, None]
    n_groups, n_first = len(size), min(top - 1, len(size))
    ones = np.ones(len(group))
    grouping = sparse.csr_matrix((ones, (group, np.arange(len(group)))), (n_groups, len(group)))
    members = (grouping @ sets).tocsr()  # regions of each set in each group
    scale = _scale(sets, top)
    auc = np.zeros((len(theta), sets.shape[1]), np.float32)
    step = max(1, block // n_groups)
    for start in range(0, len(theta), step):
        rows = slice(start, start + step)
        values = theta[rows].astype(np.float64) @ group_phi.T
        first = np.argpartition(-values, n_first - 1, axis=1)[:, :n_first]
        order = np.argsort(-np.take_along_axis(values, first, axis=1), axis=1, kind="stable")
        first = np.take_along_axis(first, order, axis=1)
        after = np.cumsum(size[first], axis=1)
        weight = _mean_weight(after - size[first], after, top)
        indptr = n_first * np.arange(len(values) + 1)
        weights = sparse.csr_matrix(
            (weight.ravel(), first.ravel(), indptr), (len(values), n_groups)
        )
        auc[rows] = (weights @ members).toarray() * scale
    return auc


def count_auc(counts: sparse.csr_matrix, sets: sparse.csr_matrix, *, top: int) -> np.ndarray:
    """AUC with regions ranked by counts.

    Parameters
    ----------
    counts
        Cells × regions.
    sets, top
        As for :func:`imputed_auc`.

    Returns
    -------
    numpy.ndarray
        Cells × sets, float32.
    """
    weights = sparse.csr_matrix(counts, dtype=np.float64, copy=True)
    weights.eliminate_zeros()
    n_open = np.diff(weights.indptr)
    of_closed = _mean_weight(n_open, np.full(len(n_open), weights.shape[1]), top)
    for cell, (start, stop) in enumerate(zip(weights.indptr, weights.indptr[1:], strict=False)):
        found, which, size = np.unique(
            -weights.data[start:stop], return_inverse=True, return_counts=True
        )
        after = np.cumsum(size)
        weights.data[start:stop] = _mean_weight(after - size, after, top)[which] - of_closed[cell]
    n_regions = np.asarray(sets.sum(axis=0, dtype=np.float64)).ravel()
    sums = (weights @ sets.astype(np.float64)).toarray() + np.outer(of_closed, n_regions)
    return (sums * _scale(sets, top)).astype(np.float32)


def standardised(auc: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Z-scores of each set over the cells that have a score.

    Parameters
    ----------
    auc
        Cells × sets.
    known
        Mask of the cells that have a score.

    Returns
    -------
    z : numpy.ndarray
        float32; 0 where undefined.
    undefined : numpy.ndarray
        True in the other cells, and for sets that do not vary.
    """
    values = auc[known].astype(np.float64)
    varies = np.zeros(auc.shape[1], dtype=bool)
    if len(values):
        varies = values.std(axis=0) > ROUNDING
    undefined = ~(known[:, None] & varies)
    z = np.zeros(auc.shape, np.float32)
    if varies.any():
        values = values[:, varies]
        z[np.ix_(known, varies)] = (values - values.mean(axis=0)) / values.std(axis=0)
    return z, undefined


def _scale(sets: sparse.csr_matrix, top: int) -> np.ndarray:
    """1 / (top · size) of each set."""
    size = np.asarray(sets.sum(axis=0, dtype=np.float64)).ravel()
    return 1 / (top * np.maximum(size, 1))


def _mean_weight(start: np.ndarray, stop: np.ndarray, top: int) -> np.ndarray:
    """Mean of max(top − 1 − rank, 0) over the ranks from start to before stop; 0 for no rank."""
    areas = []
    for rank in (start, stop):
        within = np.minimum(rank, top - 1)
        areas.append(within * (top - 1) - within * (within - 1) / 2)
    return (areas[1] - areas[0]) / np.maximum(stop - start, 1)
