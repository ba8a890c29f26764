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

LOW_REGIONS = "low_regions"
logger = logging.getLogger(__name__)


def atac_qc_ready(*, regions: str, barcodes: str, out: dict[str, str], min_regions: int) -> None:
    """Write what is known without fragments, in the form of :mod:`multiome2vec.steps.atac_qc`.

    Only the counts are known: ``n_fragment`` is the total of the matrix (half of it, rounded up,
    where insertions were counted), the other metrics are empty, and every barcode with enough open
    regions passes.

    Parameters
    ----------
    regions, barcodes
        ``regions.h5ad`` and ``barcodes.tsv`` of the sample.
    out
        Paths ``table``, ``profile`` (no rows), ``limits`` (none).
    min_regions
        Fewest regions with a count.
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
    n_open = pd.Series(np.asarray((adata.X > 0).sum(axis=1)).ravel(), index=adata.obs_names)
    few = (n_open.loc[names] < min_regions).to_numpy()
    logger.info(
        "Ready region matrix (unit %s): without fragments there are no limits on them; %d of %d "
        "barcodes have fewer than %d open regions",
        *(adata.uns[keys.COUNTING], few.sum(), len(listed), min_regions),
    )
    metrics = pd.DataFrame(np.nan, index=listed.index, columns=list(METRICS))
    metrics[keys.N_FRAGMENT] = total.loc[names].to_numpy()
    judged = judge_atac(metrics, no_limits())
    judged[keys.ATAC_PASS], judged[keys.ATAC_REASON] = ~few, np.where(few, LOW_REGIONS, "")
    write_tsv(judged, out["table"])
    write_tsv(pd.DataFrame(columns=["kind", "position", "value"]), out["profile"], index=False)
    write_tsv(no_limits(), out["limits"])
