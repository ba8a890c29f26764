"""Quality of RNA barcodes: metrics as in scanpy, and limits by three modes."""

import logging

import numpy as np
import pandas as pd
from scipy import sparse

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.qc.limits import deviation_limits, make_limits

METRICS = (keys.N_GENES, keys.TOTAL_COUNTS, keys.PCT_MT)
FEWEST = 10  # barcodes from which deviations are estimated

logger = logging.getLogger(__name__)


def rna_metrics(
    counts: sparse.csr_matrix, *, barcodes: pd.Index, mitochondrial: np.ndarray
) -> pd.DataFrame:
    """Genes detected, total counts and mitochondrial share (percent) of each barcode.

    Parameters
    ----------
    counts
        Barcodes × genes.
    barcodes
        Names of rows.
    mitochondrial
        Whether each gene is (:func:`multiome2vec.qc.mitochondrial.mitochondrial_genes`).

    Returns
    -------
    pandas.DataFrame
        Index ``barcodes``, columns :data:`METRICS`. A barcode without counts has a share of 0.
    """
    total = np.asarray(counts.sum(axis=1)).ravel()
    mt = np.asarray(counts[:, np.flatnonzero(mitochondrial)].sum(axis=1)).ravel()
    return pd.DataFrame(
        {
            keys.N_GENES: np.asarray((counts > 0).sum(axis=1)).ravel(),
            keys.TOTAL_COUNTS: total,
            keys.PCT_MT: 100 * mt / np.maximum(total, 1),
        },
        index=barcodes,
    )


def rna_limits(
    metrics: pd.DataFrame,
    *,
    mode: str,
    min_genes: int,
    max_genes: int | None,
    max_pct_mt: float,
    mads_counts: float,
    mads_mt: float,
) -> pd.DataFrame:
    """Limits of one sample.

    Parameters
    ----------
    metrics
        Of :func:`rna_metrics`.
    mode
        ``none``: no limits. ``fixed``: ``min_genes``, ``max_genes``, ``max_pct_mt``. ``auto``: see
        :func:`multiome2vec.qc.limits.deviation_limits`, on log1p counts and log1p genes (both
        sides) and on the mitochondrial share (upper side), all estimated from the barcodes with
        at least ``min_genes`` genes, so that empty droplets do not shift the median. ``min_genes``
        and ``max_pct_mt`` bound what is estimated.
    min_genes, max_genes, max_pct_mt
        Genes, genes (None: no limit; fixed mode only), percent.
    mads_counts, mads_mt
        Allowed deviations (auto mode).

    Raises
    ------
    UserError
        If the mode is unknown.
    """
    if mode == "none":
        return make_limits(dict.fromkeys(METRICS, (None, None)))
    fixed = {
        keys.N_GENES: (min_genes, max_genes),
        keys.TOTAL_COUNTS: (None, None),
        keys.PCT_MT: (None, max_pct_mt),
    }
    if mode == "fixed":
        return make_limits(fixed)
    if mode != "auto":
        raise UserError(f"qc.rna.mode is '{mode}'; known: auto, fixed, none.")
    fixed[keys.N_GENES] = (min_genes, None)
    base = metrics[metrics[keys.N_GENES] >= min_genes]
    if len(base) < FEWEST:
        logger.warning(
            "Only %d barcodes have %d genes or more: too few to estimate deviations from; the "
            "fixed limits apply.",
            len(base),
            min_genes,
        )
        return make_limits(fixed)
    return make_limits(_estimated(base, fixed, mads_counts=mads_counts, mads_mt=mads_mt))


def _estimated(base: pd.DataFrame, fixed: dict, *, mads_counts: float, mads_mt: float) -> dict:
    limits = dict(fixed)
    for metric in (keys.N_GENES, keys.TOTAL_COUNTS):
        low, high = deviation_limits(np.log1p(base[metric].to_numpy(float)), mads=mads_counts)
        floor = fixed[metric][0] or 0
        limits[metric] = (
            max(floor, np.expm1(low)) if low is not None else fixed[metric][0],
            np.expm1(high) if high is not None else None,
        )
    cap = fixed[keys.PCT_MT][1]
    _, high = deviation_limits(base[keys.PCT_MT].to_numpy(float), mads=mads_mt)
    limits[keys.PCT_MT] = (None, cap if high is None else min(cap, high))
    return limits
