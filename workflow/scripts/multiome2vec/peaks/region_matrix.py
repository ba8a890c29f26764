"""The matrix of cells × regions: columns open in enough cells, and what says how it was made."""

import logging
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import scipy.sparse as sp

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.regions import region_names

if TYPE_CHECKING:
    from anndata import AnnData

logger = logging.getLogger(__name__)


def region_matrix(
    counts: sp.csr_matrix,
    *,
    obs: pd.DataFrame,
    regions: pd.DataFrame,
    counting: str,
    assembly: str,
    min_cells: int,
    max_cells: int | None,
) -> "AnnData":
    """Put counts, cells and regions together and drop regions open in too few or too many cells.

    Parameters
    ----------
    counts
        CSR, cells × regions.
    obs
        Table of the cells, in their order.
    regions
        chrom, start, end of the regions, in their order.
    counting
        Unit of the counts.
    assembly
        Name of the genome assembly.
    min_cells, max_cells
        Fewest and most cells with a count; None for no upper limit.

    Raises
    ------
    UserError
        If no cell or no region is left.
    """
    import anndata as ad

    if counts.shape[0] == 0:
        raise UserError(
            "No kept cell has ATAC data. The column 'reason' of qc/barcodes.pre.tsv says why "
            "barcodes were dropped; loosen qc.atac or qc.rna."
        )
    n_cells = np.bincount(counts.indices[counts.data > 0], minlength=counts.shape[1])
    most = counts.shape[0] if max_cells is None else max_cells
    kept = np.flatnonzero((n_cells >= min_cells) & (n_cells <= most))
    logger.info(
        "%d cells; %d of %d regions are open in %d to %d of them",
        *(counts.shape[0], len(kept), counts.shape[1], min_cells, most),
    )
    if len(kept) == 0:
        raise UserError(
            f"None of the {counts.shape[1]} regions is open in {min_cells} to {most} of the "
            f"{counts.shape[0]} kept cells. Change regions.min_cells or regions.max_cells, or "
            "check that the regions belong to these data."
        )
    var = regions[[keys.CHROM, keys.START, keys.END]].set_axis(region_names(regions))
    adata = ad.AnnData(counts[:, kept].astype(np.int32), obs=obs, var=var.iloc[kept])
    adata.uns[keys.COUNTING] = counting
    adata.uns[keys.ASSEMBLY] = assembly
    adata.uns[keys.N_REGIONS] = counts.shape[1]
    return adata
