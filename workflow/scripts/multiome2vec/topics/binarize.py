"""From shares to sets: which regions make up a topic, and which cells have it."""

import numpy as np

TOP_REGIONS = 3000
TOP_SHARE = 0.1  # of all regions, at most: where there are few, 3,000 would be nearly all
BINS = 100  # of the histogram of Otsu and Yen, as pycisTopic


def unit_range(shares: np.ndarray) -> np.ndarray:
    """Scale every column to 0 .. 1 (columns without spread become 0)."""
    low, high = shares.min(axis=0), shares.max(axis=0)
    return (shares - low) / np.where(high > low, high - low, 1)


def threshold(values: np.ndarray, *, method: str) -> float:
    """Threshold between the small and the large of ``values``, by scikit-image.

    Parameters
    ----------
    values
        One number per region or cell, scaled to 0 .. 1.
    method
        ``otsu`` (largest variance between the two classes, Otsu 1979), ``yen`` (largest
        correlation, Yen 1995) or ``li`` (smallest cross entropy, Li & Tam 1998).
    """
    from skimage.filters import threshold_li, threshold_otsu, threshold_yen

    if values.min() == values.max():
        return float(values.max())
    if method == "li":
        return float(threshold_li(values))
    return float({"otsu": threshold_otsu, "yen": threshold_yen}[method](values, nbins=BINS))


def above_threshold(shares: np.ndarray, *, method: str) -> np.ndarray:
    """Entries above their column's threshold (see :func:`threshold`), a boolean array."""
    scaled = unit_range(shares)
    limits = [threshold(column, method=method) for column in scaled.T]
    return scaled > np.array(limits)


def top_n(region_share: np.ndarray, n: int = TOP_REGIONS) -> np.ndarray:
    """Mark the ``n`` regions with the largest share of each topic, a boolean array, W × K.

    At most :data:`TOP_SHARE` of all regions. Of equal shares the earlier region is taken.
    """
    n = min(n, max(1, int(TOP_SHARE * len(region_share))))
    first = np.argsort(-region_share, axis=0, kind="stable")[:n]
    chosen = np.zeros(region_share.shape, dtype=bool)
    np.put_along_axis(chosen, first, True, axis=0)
    return chosen


def gini(values: np.ndarray) -> float:
    """Gini coefficient of non-negative numbers: 0 if all are equal, near 1 if one has all."""
    ordered = np.sort(values)
    n, total = len(ordered), ordered.sum()
    if total == 0:
        return 0.0
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * total))
