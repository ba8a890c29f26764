"""Step: count the fragments of the pre-kept cells in the consensus regions."""

import logging
from collections.abc import Mapping

import numpy as np
import pandas as pd
import scipy.sparse as sp

from multiome2vec import keys
from multiome2vec.io.atomic import write_h5ad
from multiome2vec.io.chromosomes import read_chromosomes
from multiome2vec.io.contracts import check_regions
from multiome2vec.io.regions import read_bed, read_cells
from multiome2vec.peaks.counting import RegionCounts, count_in_regions
from multiome2vec.peaks.region_matrix import region_matrix
from multiome2vec.peaks.stream import stream_fragments

logger = logging.getLogger(__name__)


def count_regions(
    *,
    barcodes: str,
    fragments: Mapping[str, str],
    bed: str,
    chromosomes: str,
    out: str,
    counting: str,
    min_cells: int,
    max_cells: int | None,
    assembly: str,
) -> None:
    """Write cells × regions over all samples, with what FRiP needs in ``obs``.

    Parameters
    ----------
    barcodes
        ``qc/barcodes.pre.tsv``: cells with ``keep`` are counted.
    fragments
        Fragments file of each sample.
    bed
        Consensus regions; their order is that of the columns.
    chromosomes
        ``chromosomes.tsv`` of the assembly.
    out
        ``regions.h5ad``.
    counting, min_cells, max_cells
        Unit of the counts; regions open in fewer or in more cells are dropped.
    assembly
        Name of the assembly.
    """
    sizes = read_chromosomes(chromosomes).standard_sizes
    regions = read_bed(bed)
    table = read_cells(barcodes)
    table = table[table[keys.KEEP] & (table[keys.FRAGMENT_BARCODE] != "")]
    cells, found = [], []
    for sample, path in fragments.items():
        own = table[table[keys.SAMPLE] == sample]
        counts = count_in_regions(
            stream_fragments(path, barcodes=list(own[keys.FRAGMENT_BARCODE]), chrom_sizes=sizes),
            regions=regions,
            chrom_sizes=sizes,
            n_cells=len(own),
            counting=counting,
        )
        logger.info("%s: %d fragments of %d cells", sample, counts.fragments.sum(), len(own))
        cells.append(_with_totals(own, counts))
        found.append(counts.counts)
    adata = region_matrix(
        sp.vstack(found, format="csr"),
        obs=pd.concat(cells),
        regions=regions,
        counting=counting,
        assembly=assembly,
        min_cells=min_cells,
        max_cells=max_cells,
    )
    check_regions(adata, path=out)
    write_h5ad(adata, out)


def _with_totals(cells: pd.DataFrame, counts: RegionCounts) -> pd.DataFrame:
    totals = {
        keys.N_FRAGMENT_TOTAL: counts.fragments.astype(np.int64),
        keys.N_FRAGMENT_IN_REGIONS: counts.fragments_in_regions.astype(np.int64),
    }
    return cells[[keys.SAMPLE, keys.BATCH]].assign(**totals)
