"""ATAC table of a sample whose ATAC is a ready region matrix."""

import logging

import anndata as ad
import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.io.atomic import write_tsv
from multiome2vec.io.contracts import check_cells, check_regions
from multiome2vec.io.regions import read_cells
from multiome2vec.qc.atac import METRICS, judge_atac, no_limits

logger = logging.getLogger(__name__)


def atac_qc_ready(*, regions: str, barcodes: str, out: dict[str, str]) -> None:
    """Write what is known without fragments, in the form of :mod:`multiome2vec.steps.atac_qc`.

    Only the counts are known: ``n_fragment`` is the total of the matrix (half of it, rounded up,
    where insertions were counted), the other metrics are empty, and every barcode passes.

    Parameters
    ----------
    regions, barcodes
        ``regions.h5ad`` and ``barcodes.tsv`` of the sample.
    out
        Paths ``table``, ``profile`` (no rows), ``limits`` (none).
    """
    adata = ad.read_h5ad(regions)
    check_regions(adata, path=regions)
    listed = read_cells(barcodes)
    check_cells(listed, path=barcodes, columns=(keys.FRAGMENT_BARCODE, keys.IN_ATAC))
    listed = listed[listed[keys.IN_ATAC]]
    atac_name = listed[keys.FRAGMENT_BARCODE]
    names = atac_name.where(atac_name != "", listed[keys.BARCODE])
    total = pd.Series(np.asarray(adata.X.sum(axis=1)).ravel(), index=adata.obs_names)
    if adata.uns[keys.COUNTING] == keys.INSERTION:
        total = (total + 1) // 2
    logger.info(
        "Ready region matrix (unit %s): without fragments there are no limits; all %d barcodes "
        "pass",
        adata.uns[keys.COUNTING],
        len(listed),
    )
    metrics = pd.DataFrame(np.nan, index=listed.index, columns=list(METRICS))
    metrics[keys.N_FRAGMENT] = total.loc[names].to_numpy()
    write_tsv(judge_atac(metrics, no_limits()), out["table"])
    write_tsv(pd.DataFrame(columns=["kind", "position", "value"]), out["profile"], index=False)
    write_tsv(no_limits(), out["limits"])
