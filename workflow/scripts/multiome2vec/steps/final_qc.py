"""Step: the fraction of fragments in regions, the final verdict on every barcode, the account."""

import logging
from collections.abc import Mapping

import anndata as ad
import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.io.atomic import write_tsv
from multiome2vec.io.regions import read_cells
from multiome2vec.qc.account import account
from multiome2vec.qc.samples import judge_samples, summarise

LOW_FRIP = "low_frip"
logger = logging.getLogger(__name__)


def final_qc(
    *,
    barcodes: str,
    regions: str | None,
    rna: Mapping[str, str],
    annotation: str | None,
    table: str,
    counts: str,
    samples: str,
    min_frip: Mapping[str, float | None],
    least_cells: int,
    failed_samples: str,
) -> None:
    """Write ``qc/barcodes.tsv``, ``qc/counts.tsv`` and ``qc/samples.tsv``.

    Parameters
    ----------
    barcodes
        ``qc/barcodes.pre.tsv``.
    regions
        ``regions/regions.h5ad``, if the dataset has ATAC.
    rna, annotation
        ``rna.h5ad`` of the samples that have RNA, and all of them merged (``annotation/rna.h5ad``).
    table, counts, samples
        Outputs: verdicts; cells and features of each sample after each filter; one row per sample.
    min_frip
        By sample: least fraction of fragments in regions; None drops no cell.
    least_cells, failed_samples
        Cells below which a sample has failed, and what to do then (``stop`` or ``drop``).

    Raises
    ------
    UserError
        If a sample has failed and is not to be dropped.
    """
    verdicts = pd.read_csv(
        barcodes, sep="\t", index_col=keys.CELL, dtype=str, keep_default_na=False
    )
    matrix = ad.read_h5ad(regions, backed="r") if regions else None
    frip = _frip(matrix, verdicts.index)
    least = {sample: np.nan if limit is None else limit for sample, limit in min_frip.items()}
    low = frip < verdicts[keys.SAMPLE].map(least).astype(float)
    keep = (verdicts[keys.KEEP] == "True") & ~low
    reason = verdicts[keys.REASON].mask(low & (verdicts[keys.REASON] == ""), LOW_FRIP)
    verdicts = verdicts.drop(columns=[keys.KEEP, keys.REASON])
    verdicts = verdicts.assign(**{keys.FRIP: frip.round(6), keys.KEEP: keep, keys.REASON: reason})
    logger.info("%d of %d barcodes are kept; %d dropped by FRiP", keep.sum(), len(keep), low.sum())
    verdicts = judge_samples(verdicts, least=least_cells, policy=failed_samples)
    write_tsv(summarise(verdicts, least=least_cells), samples)
    write_tsv(verdicts, table)
    account_of = account(read_cells(table), _features(rna, annotation, matrix, verdicts))
    write_tsv(account_of, counts, index=False)


def _frip(matrix: ad.AnnData | None, cells: pd.Index) -> pd.Series:
    """Fraction of fragments in regions; NaN where fragments were not counted."""
    if matrix is None or keys.N_FRAGMENT_TOTAL not in matrix.obs:
        return pd.Series(np.nan, index=cells)
    total = matrix.obs[keys.N_FRAGMENT_TOTAL]
    return (matrix.obs[keys.N_FRAGMENT_IN_REGIONS] / total.clip(lower=1)).reindex(cells)


def _features(
    rna: Mapping[str, str],
    annotation: str | None,
    matrix: ad.AnnData | None,
    verdicts: pd.DataFrame,
) -> dict[tuple[str, str], tuple[int, int]]:
    """Features of each sample and modality: delivered, and seen in enough cells."""
    features = {}
    genes = ad.read_h5ad(annotation, backed="r").var_names if annotation else pd.Index([])
    for sample, path in rna.items():
        delivered = ad.read_h5ad(path, backed="r").var_names
        features[sample, keys.RNA] = (len(delivered), len(delivered.intersection(genes)))
    in_atac = verdicts[keys.SAMPLE][verdicts[keys.IN_ATAC] == "True"].unique()
    for sample in in_atac if matrix is not None else ():
        features[sample, keys.ATAC] = (int(matrix.uns[keys.N_REGIONS]), matrix.n_vars)
    return features
