"""Step: merge ready region matrices of the samples, where there are no fragments to count."""

import logging
from collections.abc import Mapping

import pandas as pd
import scipy.sparse as sp

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.atomic import write_h5ad
from multiome2vec.io.contracts import check_regions
from multiome2vec.io.regions import read_bed, read_cells, region_names
from multiome2vec.peaks.region_matrix import region_matrix

logger = logging.getLogger(__name__)


def merge_regions(
    *,
    barcodes: str,
    matrices: Mapping[str, str],
    bed: str,
    out: str,
    min_cells: int,
    max_cells: int | None,
    assembly: str,
) -> None:
    """Write cells × regions over all samples; the fraction of fragments in regions is not known.

    Parameters
    ----------
    barcodes
        ``qc/barcodes.pre.tsv``: cells with ``keep`` are taken.
    matrices
        Ready matrix (h5ad, cells named by raw barcode) of each sample.
    bed
        Regions, all of them in every matrix; their order is that of the columns.
    out
        ``regions.h5ad``.
    min_cells, max_cells
        Regions open in fewer or in more cells are dropped.
    assembly
        Name of the assembly.

    Raises
    ------
    UserError
        If the samples do not count in the same unit.
    """
    import anndata as ad

    regions = read_bed(bed)
    names = region_names(regions)
    table = read_cells(barcodes)
    table = table[table[keys.KEEP] & (table[keys.FRAGMENT_BARCODE] != "")]
    units, cells, found = {}, [], []
    for sample, path in matrices.items():
        own = table[table[keys.SAMPLE] == sample]
        adata = ad.read_h5ad(path)
        check_regions(adata, path=path)
        units[sample] = adata.uns[keys.COUNTING]
        found.append(adata[own[keys.FRAGMENT_BARCODE].to_numpy(), names].X)
        cells.append(own[[keys.SAMPLE, keys.BATCH]])
        logger.info("%s: %d of %d barcodes", sample, len(own), adata.n_obs)
    if len(set(units.values())) > 1:
        said = ", ".join(f"{sample}: {unit}" for sample, unit in units.items())
        raise UserError(
            f"The ready matrices count in different units ({said}) and cannot be merged. Give "
            "fragments, to count all samples alike."
        )
    merged = region_matrix(
        sp.vstack(found, format="csr"),
        obs=pd.concat(cells),
        regions=regions,
        counting=next(iter(units.values())),
        assembly=assembly,
        min_cells=min_cells,
        max_cells=max_cells,
    )
    check_regions(merged, path=out)
    write_h5ad(merged, out)
