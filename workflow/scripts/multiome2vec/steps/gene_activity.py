"""Gene activity of the finally kept cells."""

import logging

import anndata as ad
import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.atomic import write_h5ad
from multiome2vec.io.contracts import check_rna
from multiome2vec.io.genome import read_genes_bed
from multiome2vec.io.regions import load_regions
from multiome2vec.regulation.gene_activity import gene_activity as activity_of

logger = logging.getLogger(__name__)
TARGET_SUM = 1e4  # per cell after normalisation, as for RNA


def gene_activity(
    *, regions: str, barcodes: str, genes: str, out: str, window: int, decay: int
) -> None:
    """Write cells × genes.

    Parameters
    ----------
    regions, barcodes, genes
        ``regions.h5ad``, the final ``barcodes.tsv`` and the assembly's ``genes.bed``.
    out
        ``gene_activity.h5ad``: X is log1p of activity per 10,000, ``obs["total_activity"]`` the
        cell's sum before that, ``var`` the genes' places. Genes without a region in their window
        are left out.
    window, decay
        In bp, see :mod:`multiome2vec.regulation.gene_activity`.

    Raises
    ------
    UserError
        If no gene has a region.
    """
    cells = load_regions(regions, barcodes)
    result = normalised_activity(
        cells.X, cells.var, cells.obs_names, genes=genes, window=window, decay=decay
    )
    check_rna(result, path=out)
    write_h5ad(result, out)


def normalised_activity(
    counts, places: pd.DataFrame, cells: pd.Index, *, genes: str, window: int, decay: int
) -> ad.AnnData:
    """Log-normalised gene activity of cells by counts of places (regions or tiles)."""
    table = read_genes_bed(genes)
    activity = activity_of(counts, places, table, window=window, decay=decay)
    some = np.bincount(activity.indices, minlength=len(table)) > 0
    if not some.any():
        raise UserError(
            f"No gene of {genes} has an open region within {window} bp. Are regions and genes of "
            "one assembly, with the same names of chromosomes?"
        )
    logger.info("%d of %d genes have accessibility around them", some.sum(), len(some))
    if not some.all():
        table, activity = table[some], activity[:, np.flatnonzero(some)]
    total = np.asarray(activity.sum(axis=1, dtype=np.float64)).ravel()
    scale = np.where(total > 0, TARGET_SUM / np.where(total > 0, total, 1), 0).astype(np.float32)
    activity.data *= np.repeat(scale, np.diff(activity.indptr))  # in place: it is large
    np.log1p(activity.data, out=activity.data)
    var = table.rename(columns={"gene_id": keys.GENE_ID}).drop(columns="gene_name")
    var.index = ad.utils.make_index_unique(pd.Index(table["gene_name"].to_numpy(dtype=str)))
    obs = pd.DataFrame({"total_activity": total}, cells)
    return ad.AnnData(activity, obs=obs, var=var)
