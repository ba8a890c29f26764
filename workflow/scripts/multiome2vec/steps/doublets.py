"""RNA doublets of one sample."""

import logging

import anndata as ad

from multiome2vec import keys
from multiome2vec.doublets.callers import CALLERS
from multiome2vec.doublets.calling import call_doublets, unscored
from multiome2vec.io.atomic import write_tsv
from multiome2vec.io.contracts import check_cells, check_rna
from multiome2vec.io.regions import read_cells

logger = logging.getLogger(__name__)


def doublets(
    *,
    rna: str,
    barcodes: str,
    quality: str,
    table: str,
    caller: str,
    rate_per_1000: float,
    seed: int,
) -> None:
    """Score the barcodes that pass the RNA limits.

    Parameters
    ----------
    rna, barcodes, quality
        ``rna.h5ad``, ``barcodes.tsv`` and ``rna_qc.tsv`` of the sample.
    table
        Output: score, call, threshold and note by cell.
    caller
        A name in :data:`multiome2vec.doublets.callers.CALLERS`, or ``none``.
    rate_per_1000, seed
        See :func:`multiome2vec.doublets.calling.call_doublets`.
    """
    adata = ad.read_h5ad(rna)
    check_rna(adata, path=rna)
    passed = read_cells(quality)
    check_cells(passed, path=quality, columns=(keys.RNA_PASS,))
    cells = passed.index[passed[keys.RNA_PASS]]
    if keys.COUNTS not in adata.layers:
        found = unscored(cells, "not scored: the RNA has no counts")
    else:
        names = read_cells(barcodes).loc[cells, keys.BARCODE]
        found = call_doublets(
            adata.layers[keys.COUNTS][adata.obs_names.get_indexer(names)],
            cells=cells,
            score=None if caller == "none" else CALLERS.get(caller),
            rate_per_1000=rate_per_1000,
            seed=seed,
        )
    for note, count in found[keys.DOUBLET_NOTE].value_counts().items():
        logger.info("%d cells: %s", count, note)
    write_tsv(found, table)
