"""Background regions alike in GC content and accessibility (chromVAR's getBackgroundPeaks)."""

import numpy as np


def background_regions(
    gc: np.ndarray,
    total: np.ndarray,
    *,
    sets: int,
    bin_size: int,
    w: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw for every region one like it, ``sets`` times (Schep et al. 2017, Methods).

    GC content and log10 of the total counts are whitened; the plane is cut into ``bin_size`` ×
    ``bin_size`` bins. A region's background is drawn by choosing a bin with a weight that falls
    off with the distance of the bins as a normal density of standard deviation ``w``, and a region
    in it with equal chances.

    Parameters
    ----------
    gc
        GC content of the regions.
    total
        Total counts of the regions, all > 0.
    sets
        Number of background sets.
    bin_size
        Bins per axis.
    w
        Width of the kernel in whitened units.

    Returns
    -------
    numpy.ndarray
        Regions × sets: indices of regions.
    """
    points = whiten(np.column_stack([np.log10(total), gc]))
    edges = [np.linspace(axis.min(), axis.max(), bin_size) for axis in points.T]
    nearest = [
        np.abs(axis[:, None] - edge).argmin(axis=1)
        for axis, edge in zip(points.T, edges, strict=True)
    ]
    code = nearest[0] * bin_size + nearest[1]
    occupied, member = np.unique(code, return_inverse=True)
    centre = np.column_stack([edges[0][occupied // bin_size], edges[1][occupied % bin_size]])
    order = np.argsort(member, kind="stable")
    first = np.searchsorted(member[order], np.arange(len(occupied)))
    size = np.bincount(member)
    drawn = np.empty((len(gc), sets), dtype=np.int64)
    for here in range(len(occupied)):
        rows = order[first[here] : first[here] + size[here]]
        distance = ((centre - centre[here]) ** 2).sum(axis=1)
        chance = np.exp(-distance / (2 * w**2))
        bins = rng.choice(len(occupied), size=(len(rows), sets), p=chance / chance.sum())
        within = (rng.random(bins.shape) * size[bins]).astype(np.int64)
        drawn[rows] = order[first[bins] + within]
    return drawn


def whiten(points: np.ndarray) -> np.ndarray:
    """Remove scale and correlation: columns with unit variance and no covariance.

    A column without variance is left at 0.
    """
    centred = points - points.mean(axis=0)
    scale = centred.std(axis=0, ddof=1)
    centred = centred / np.where(scale > 0, scale, 1)
    covariance = np.cov(centred, rowvar=False)
    if np.linalg.matrix_rank(covariance) < len(covariance):
        return centred
    return np.linalg.solve(np.linalg.cholesky(covariance), centred.T).T
