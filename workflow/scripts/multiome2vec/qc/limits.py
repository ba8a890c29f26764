"""Limits on metrics: where they come from, and which barcodes are outside of them.

A table of limits has one row per metric (index ``metric``) and the columns ``low`` and ``high``;
a missing value is no limit. A barcode passes if low ≤ metric ≤ high.
"""

import numpy as np
import pandas as pd

from multiome2vec import keys

LOW, HIGH = "low", "high"

#: metric -> reason code below the lower and above the upper limit
CODES = {
    keys.N_GENES: ("low_genes", "high_genes"),
    keys.TOTAL_COUNTS: ("low_counts", "high_counts"),
    keys.PCT_MT: (None, "high_mt"),
    keys.N_FRAGMENT: ("low_fragments", None),
    keys.TSSE: ("low_tsse", None),
    keys.NUCLEOSOME_SIGNAL: (None, "high_nucleosome_signal"),
}


def make_limits(limits: dict[str, tuple[float | None, float | None]]) -> pd.DataFrame:
    """Table of limits from ``metric -> (low, high)``, None for no limit."""
    table = pd.DataFrame.from_dict(limits, orient="index", columns=[LOW, HIGH], dtype=float)
    return table.rename_axis("metric")


def outside(metrics: pd.DataFrame, limits: pd.DataFrame) -> pd.DataFrame:
    """Flag barcodes outside of the limits.

    Parameters
    ----------
    metrics
        Barcodes × metrics. A missing value is never outside (the metric could not be computed).
    limits
        See :func:`make_limits`.

    Returns
    -------
    pandas.DataFrame
        Booleans, barcodes × reason codes, in the order of :data:`CODES`.
    """
    flags = {}
    for metric, (below, above) in CODES.items():
        if metric not in limits.index:
            continue
        low, high = limits.loc[metric, [LOW, HIGH]]
        if below and not np.isnan(low):
            flags[below] = metrics[metric] < low
        if above and not np.isnan(high):
            flags[above] = metrics[metric] > high
    return pd.DataFrame(flags, index=metrics.index, dtype=bool)


def deviation_limits(values: np.ndarray, *, mads: float) -> tuple[float | None, float | None]:
    """Median ± ``mads`` median absolute deviations.

    The deviation is not rescaled to a normal standard deviation, as in the single-cell best
    practices of Heumos et al. 2023 (doi:10.1038/s41576-023-00586-w), from which the defaults 5
    (counts, genes) and 3 (mitochondrial share) come. Without any deviation (more than half of the
    values are equal) there is no limit.
    """
    median = np.median(values)
    deviation = np.median(np.abs(values - median))
    if deviation == 0:
        return None, None
    return float(median - mads * deviation), float(median + mads * deviation)
