"""Cluster the kept cells by their RNA."""

import logging

import anndata as ad

from multiome2vec import keys
from multiome2vec.annotate import (
    cluster,
    correct_samples,
    log_normalise,
    merge,
    normalise,
    principal_components,
)
from multiome2vec.cell_cycle import score_phases
from multiome2vec.io.atomic import write_h5ad
from multiome2vec.io.contracts import check_cells, check_rna
from multiome2vec.io.reference import read_markers
from multiome2vec.io.regions import read_cells

logger = logging.getLogger(__name__)


def annotate_rna(
    *,
    rna: dict[str, str],
    barcodes: str,
    out: str,
    genes: dict,
    graph: dict,
    n_pcs: int,
    harmony: bool,
    seed: int,
    cell_cycle: str | None = None,
) -> None:
    """Merge the kept cells of all samples, normalise, embed, correct for samples, cluster.

    Parameters
    ----------
    rna
        ``rna.h5ad`` by sample.
    barcodes
        ``qc/barcodes.pre.tsv``.
    out
        ``annotation/rna.h5ad``.
    genes
        ``min_cells`` and ``n_top_genes``, see :func:`multiome2vec.annotate.normalise`.
    graph
        ``n_neighbors`` and ``resolution``, see :func:`multiome2vec.annotate.cluster`.
    n_pcs
        Principal components.
    harmony
        Whether to correct for samples where there are several.
    seed
        Of everything random.
    cell_cycle
        Table of the genes of phases S and G2M, see :mod:`multiome2vec.cell_cycle`; None: no phases.
    """
    table = read_cells(barcodes)
    check_cells(table, path=barcodes, columns=(keys.KEEP, keys.SAMPLE, keys.BARCODE))
    table = table[table[keys.KEEP]]
    samples = {}
    for sample, path in rna.items():
        mine = table[(table[keys.SAMPLE] == sample) & table[keys.IN_RNA]]
        if mine.empty:  # a failed sample that was dropped
            continue
        adata = ad.read_h5ad(path)
        check_rna(adata, path=path)
        adata = adata[mine[keys.BARCODE]].copy()
        adata.obs = mine.copy()
        adata.uns = {}
        samples[sample] = adata
    if len({keys.COUNTS in adata.layers for adata in samples.values()}) > 1:
        logger.warning("Some samples have no RNA counts: the others are log-normalised to match")
        for adata in samples.values():
            if keys.COUNTS in adata.layers:
                log_normalise(adata)
                del adata.layers[keys.COUNTS]
    cells = normalise(merge(samples, what="genes"), **genes)
    principal_components(cells, n_pcs=n_pcs, seed=seed)
    representation = keys.X_PCA
    if harmony and len(samples) > 1:
        representation = keys.X_HARMONY
        cells.obsm[representation] = correct_samples(
            cells.obsm[keys.X_PCA], cells.obs[keys.SAMPLE], seed=seed
        )
    cluster(cells, representation=representation, seed=seed, **graph)
    if cell_cycle:
        score_phases(cells, read_markers(cell_cycle), seed=seed)
    logger.info("%d cells × %d genes of %d samples", *cells.shape, len(samples))
    check_rna(cells, path=out)
    write_h5ad(cells, out)
