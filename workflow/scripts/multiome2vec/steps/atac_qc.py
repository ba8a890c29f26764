"""ATAC quality of the barcodes of one sample, from its fragments."""

import logging
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.doublets.atac import score_atac_doublets, select_tiles, tile_counts
from multiome2vec.io.atomic import write_tsv
from multiome2vec.io.chromosomes import read_chromosomes
from multiome2vec.io.contracts import check_cells
from multiome2vec.io.genome import read_tss_bed
from multiome2vec.io.regions import read_bed, read_cells
from multiome2vec.io.snap import import_fragments
from multiome2vec.qc.atac import atac_limits, atac_metrics, judge_atac

LIKELY = 0.5  # probability from which a cell is called a doublet

logger = logging.getLogger(__name__)


def atac_qc(
    *,
    fragments: str,
    barcodes: str,
    reference: dict[str, str | None],
    out: dict[str, str],
    thresholds: dict,
    doublets: bool,
    seed: int,
) -> None:
    """Measure and judge the barcodes of a sample that has fragments.

    Parameters
    ----------
    fragments, barcodes
        ``fragments.tsv.gz`` and ``barcodes.tsv`` of the sample.
    reference
        Paths ``chromosomes``, ``tss`` and ``blacklist``; the last two may be None.
    out
        Paths ``table`` (metrics and verdict), ``profile``, ``limits``.
    thresholds
        Keyword arguments of :func:`multiome2vec.qc.atac.atac_limits`.
    doublets, seed
        Whether to score ATAC doublets among the barcodes within the limits, and the seed.
    """
    listed = read_cells(barcodes)
    check_cells(listed, path=barcodes, columns=(keys.FRAGMENT_BARCODE, keys.IN_ATAC))
    names = listed.loc[listed[keys.FRAGMENT_BARCODE] != "", keys.FRAGMENT_BARCODE]
    chromosomes = read_chromosomes(reference["chromosomes"])
    data = import_fragments(
        fragments,
        barcodes=names.tolist(),
        chrom_sizes=chromosomes.sizes,
        mitochondrion=chromosomes.mitochondrion,
        scratch=Path(out["table"]).parent,
    )
    data.obs_names = pd.Index(names.index[pd.Index(names).get_indexer(data.obs_names)])
    tss = read_tss_bed(reference["tss"]) if reference["tss"] else None
    if tss is None:
        logger.info("The assembly has no annotation: no TSS enrichment, and no limit on it")
    metrics, profile = atac_metrics(
        data,
        tss=tss,
        blacklist=read_bed(reference["blacklist"]) if reference["blacklist"] else None,
        mitochondrion=chromosomes.mitochondrion,
    )
    limits = atac_limits(**thresholds)
    if tss is None:
        limits.loc[keys.TSSE] = np.nan
    table = _without_fragments(metrics, listed.index[listed[keys.IN_ATAC]])
    table = judge_atac(table, limits)
    logger.info("%d of %d barcodes pass", table[keys.ATAC_PASS].sum(), len(table))
    if doublets:
        passed = table[keys.ATAC_PASS].reindex(data.obs_names).to_numpy(bool)
        excluded = chromosomes.mitochondrion
        _add_doublets(table, data[passed].copy(), mitochondrion=excluded, seed=seed)
    write_tsv(table, out["table"])
    write_tsv(profile, out["profile"], index=False)
    write_tsv(limits, out["limits"])


def _without_fragments(metrics: pd.DataFrame, cells: pd.Index) -> pd.DataFrame:
    """Add barcodes without any fragment on the assembly's chromosomes: zero where measured."""
    table = metrics.reindex(cells)
    measured = metrics.columns[metrics.notna().any()]
    table[measured] = table[measured].fillna(0)
    return table.astype({keys.N_FRAGMENT: np.int64})


def _add_doublets(
    table: pd.DataFrame, data: ad.AnnData, *, mitochondrion: str | None, seed: int
) -> None:
    """Fill in score, probability and call of the cells of ``data``, in place."""
    if data.n_obs == 0:
        return
    tiles = tile_counts(data, mitochondrion=mitochondrion)
    found = score_atac_doublets(tiles[:, select_tiles(tiles)], cells=data.obs_names, seed=seed)
    if found is None:
        return
    table.loc[found.index, keys.ATAC_DOUBLET_SCORE] = found["score"]
    table.loc[found.index, keys.ATAC_DOUBLET_PROBABILITY] = found["probability"]
    table.loc[found.index, keys.ATAC_PREDICTED_DOUBLET] = found["probability"] >= LIKELY
    logger.info(
        "%d of %d cells are likely ATAC doublets",
        table[keys.ATAC_PREDICTED_DOUBLET].sum(),
        len(found),
    )
