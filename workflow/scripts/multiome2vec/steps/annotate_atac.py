"""Cluster the kept cells of a dataset without RNA by their ATAC."""

import logging
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
from scipy import sparse

from multiome2vec import keys
from multiome2vec.annotate import CORRECTED_SPECTRAL, cluster, correct_samples, merge, spectral
from multiome2vec.doublets.atac import select_tiles, tile_counts, tile_places
from multiome2vec.errors import UserError
from multiome2vec.io.atomic import write_h5ad
from multiome2vec.io.chromosomes import Chromosomes, read_chromosomes
from multiome2vec.io.contracts import check_cells, check_regions
from multiome2vec.io.region_names import parse_region_names
from multiome2vec.io.regions import read_cells
from multiome2vec.io.snap import import_fragments
from multiome2vec.steps.gene_activity import normalised_activity

logger = logging.getLogger(__name__)


def annotate_atac(
    *,
    fragments: dict[str, str],
    regions: dict[str, str],
    barcodes: str,
    chromosomes: str | None,
    out: str,
    n_components: int,
    harmony: bool,
    graph: dict,
    seed: int,
    genes: str | None = None,
    activity: dict | None = None,
) -> None:
    """Count tiles (or take ready regions), embed, correct for samples, cluster.

    Parameters
    ----------
    fragments, regions
        ``fragments.tsv.gz`` or ``regions.h5ad`` by sample; the same kind for all samples.
    barcodes
        ``qc/barcodes.pre.tsv``.
    chromosomes
        ``chromosomes.tsv`` of the assembly; needed for fragments. The mitochondrion is left out.
    out
        ``annotation/atac.h5ad``: ``obsm`` and clusters; X is gene activity if ``genes`` is given.
    n_components, harmony, graph, seed
        See :func:`multiome2vec.steps.annotate_rna.annotate_rna`.
    genes, activity
        ``genes.bed`` of the assembly, and ``window`` and ``decay`` of
        :mod:`multiome2vec.regulation.gene_activity`, to name clusters by the genes' activity.

    Raises
    ------
    UserError
        If some samples have fragments and others only a ready matrix.
    """
    table = read_cells(barcodes)
    check_cells(table, path=barcodes, columns=(keys.KEEP, keys.SAMPLE, keys.FRAGMENT_BARCODE))
    table = table[table[keys.KEEP] & table[keys.IN_ATAC]]
    there = set(table[keys.SAMPLE])  # failed samples that were dropped have no cells
    fragments, regions = (
        {sample: path for sample, path in paths.items() if sample in there}
        for paths in (fragments, regions)
    )
    if fragments and regions.keys() - fragments.keys():
        raise UserError(
            f"Samples {', '.join(fragments)} have fragments, {', '.join(regions)} a ready region "
            "matrix, and there is no RNA: their cells cannot be clustered together. Give fragments "
            "for all samples, or run them as two datasets."
        )
    if fragments:
        cells, counts, places = _of_fragments(fragments, table, chromosomes=chromosomes, out=out)
    else:
        cells, counts, places = _of_regions(regions, table)
    samples = cells.obs[keys.SAMPLE].unique()
    logger.info("%d cells × %d features of %d samples", *cells.shape, len(samples))
    spectral(cells, n_components=n_components, seed=seed)
    representation = keys.X_SPECTRAL
    if harmony and len(samples) > 1:
        representation = CORRECTED_SPECTRAL
        cells.obsm[representation] = correct_samples(
            cells.obsm[keys.X_SPECTRAL], cells.obs[keys.SAMPLE], seed=seed
        )
    cluster(cells, representation=representation, seed=seed, **graph)
    result = ad.AnnData(obs=cells.obs)
    if genes:
        result = normalised_activity(counts, places, cells.obs_names, genes=genes, **activity)
        result.obs = result.obs.join(cells.obs)
    result.obsm.update(cells.obsm)
    result.uns.update(cells.uns)
    write_h5ad(result, out)


def _of_fragments(
    fragments: dict[str, str], table: pd.DataFrame, *, chromosomes: str, out: str
) -> tuple[ad.AnnData, sparse.csr_matrix, pd.DataFrame]:
    """Cells by selected tiles, and counts and places of all tiles."""
    known = read_chromosomes(chromosomes)
    parts = [
        _tiles(path, table, sample, chromosomes=known, out=out)
        for sample, path in fragments.items()
    ]
    counts = sparse.vstack([part for part, _ in parts], format="csr")
    cells = ad.AnnData(counts[:, select_tiles(counts)], obs=pd.concat([mine for _, mine in parts]))
    return cells, counts, tile_places(known.sizes, mitochondrion=known.mitochondrion)


def _of_regions(
    regions: dict[str, str], table: pd.DataFrame
) -> tuple[ad.AnnData, sparse.csr_matrix, pd.DataFrame]:
    """Cells by the regions that are open in any, their counts and places."""
    parts = {sample: _ready(path, table, sample) for sample, path in regions.items()}
    cells = merge(parts, what="regions")
    cells = cells[:, np.asarray(cells.X.sum(axis=0)).ravel() > 0].copy()
    places = parse_region_names(cells.var_names, path="the ready regions")
    return cells, cells.X, places


def _tiles(
    path: str, table: pd.DataFrame, sample: str, *, chromosomes: Chromosomes, out: str
) -> tuple[sparse.csr_matrix, pd.DataFrame]:
    """Tile counts and rows of the table of the cells of one sample that have fragments."""
    mine = table[table[keys.SAMPLE] == sample]
    data = import_fragments(
        path,
        barcodes=mine[keys.FRAGMENT_BARCODE].tolist(),
        chrom_sizes=chromosomes.sizes,
        mitochondrion=chromosomes.mitochondrion,
        scratch=Path(out).parent,
    )
    found = pd.Index(mine[keys.FRAGMENT_BARCODE]).get_indexer(data.obs_names)
    return tile_counts(data, mitochondrion=chromosomes.mitochondrion), mine.iloc[found]


def _ready(path: str, table: pd.DataFrame, sample: str) -> ad.AnnData:
    """Region counts of the cells of one sample, named as cells."""
    adata = ad.read_h5ad(path)
    check_regions(adata, path=path)
    mine = table[table[keys.SAMPLE] == sample]
    counts = adata[mine[keys.FRAGMENT_BARCODE].to_numpy()].X  # spelt as on the ATAC side
    return ad.AnnData(counts, obs=mine.copy(), var=pd.DataFrame(index=adata.var_names))
