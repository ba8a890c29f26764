"""Step: the fraction of fragments in regions, the final verdict on every barcode, the account."""

import logging
from collections.abc import Mapping

import anndata as ad
import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.atomic import write_tsv
from multiome2vec.io.regions import read_cells
from multiome2vec.qc.account import account, biggest_reasons

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
    min_frip: float | None,
) -> None:
    """Write ``qc/barcodes.tsv`` and ``qc/counts.tsv``.

    Parameters
    ----------
    barcodes
        ``qc/barcodes.pre.tsv``.
    regions
        ``regions/regions.h5ad``, if the dataset has ATAC.
    rna, annotation
        ``rna.h5ad`` of the samples that have RNA, and all of them merged (``annotation/rna.h5ad``).
    table, counts
        Outputs.
    min_frip
        Least fraction of fragments in regions; None drops no cell.

    Raises
    ------
    UserError
        If a sample is left without cells.
    """
    verdicts = pd.read_csv(
        barcodes, sep="\t", index_col=keys.CELL, dtype=str, keep_default_na=False
    )
    matrix = ad.read_h5ad(regions, backed="r") if regions else None
    frip = _frip(matrix, verdicts.index)
    low = (frip < min_frip) if min_frip is not None else pd.Series(False, index=frip.index)
    keep = (verdicts[keys.KEEP] == "True") & ~low
    reason = verdicts[keys.REASON].mask(low & (verdicts[keys.REASON] == ""), LOW_FRIP)
    verdicts = verdicts.drop(columns=[keys.KEEP, keys.REASON])
    verdicts = verdicts.assign(**{keys.FRIP: frip.round(6), keys.KEEP: keep, keys.REASON: reason})
    logger.info("%d of %d barcodes are kept; %d dropped by FRiP", keep.sum(), len(keep), low.sum())
    _require_cells(verdicts)
    write_tsv(verdicts, table)
    account_of = account(read_cells(table), _features(rna, annotation, matrix, verdicts))
    write_tsv(account_of, counts, index=False)


def _frip(matrix: ad.AnnData | None, cells: pd.Index) -> pd.Series:
    """Fraction of fragments in regions; NaN where fragments were not counted."""
    if matrix is None or keys.N_FRAGMENT_TOTAL not in matrix.obs:
        return pd.Series(np.nan, index=cells)
    total = matrix.obs[keys.N_FRAGMENT_TOTAL]
    return (matrix.obs[keys.N_FRAGMENT_IN_REGIONS] / total.clip(lower=1)).reindex(cells)


def _require_cells(verdicts: pd.DataFrame) -> None:
    left = verdicts.groupby(keys.SAMPLE, sort=False)[keys.KEEP].sum()
    for sample in left.index[left == 0]:
        reasons = verdicts.loc[verdicts[keys.SAMPLE] == sample, keys.REASON]
        raise UserError(
            f"No cell of sample '{sample}' passes quality control ({len(reasons)} barcodes). Most "
            f"frequent reasons: {biggest_reasons(reasons)}. Loosen the thresholds under qc, or "
            "take the sample out of the sample sheet."
        )


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
