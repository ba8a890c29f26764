"""ATAC doublets of one sample: SnapATAC2's version of Scrublet on genomic tiles."""

import logging
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.doublets.calling import FEWEST_CELLS

if TYPE_CHECKING:
    from anndata import AnnData
    from scipy import sparse

TILE = 500  # bp
MOST_TILES = 250_000  # the most accessible ones
EXTREME = 0.005  # share of the tiles at either end of the counts
FEWEST_TILES = 50
SEX = ("chrY", "Y")  # left out, as SnapATAC2 does

logger = logging.getLogger(__name__)


def tile_counts(fragments: "AnnData", *, mitochondrion: str | None) -> "sparse.csr_matrix":
    """Count paired insertions in consecutive tiles of 500 bp over all chromosomes.

    Parameters
    ----------
    fragments
        Of :func:`multiome2vec.io.snap.import_fragments`.
    mitochondrion
        Left out if there is one, as is the Y chromosome.

    Returns
    -------
    scipy.sparse.csr_matrix
        Cells × tiles; the tiles are the same for equal chromosome sizes.
    """
    import snapatac2 as snap

    excluded = [*SEX, *([mitochondrion] if mitochondrion else [])]
    return snap.pp.add_tile_matrix(
        fragments, bin_size=TILE, exclude_chroms=excluded, inplace=False
    ).X


def tile_places(chrom_sizes: pd.Series, *, mitochondrion: str | None) -> pd.DataFrame:
    """Chromosome, start and end of the tiles of :func:`tile_counts`, in their order."""
    parts = [
        pd.DataFrame({keys.CHROM: chrom, keys.START: np.arange(0, size, TILE)})
        for chrom, size in chrom_sizes.items()
        if chrom not in (mitochondrion, *SEX)
    ]
    places = pd.concat(parts, ignore_index=True)
    places[keys.CHROM] = places[keys.CHROM].astype("category")
    return places.assign(end=places[keys.START] + TILE)


def select_tiles(counts: "sparse.csr_matrix") -> np.ndarray:
    """Columns of the most accessible tiles (at most 250,000), in the order of the genome.

    Of the tiles with any count, the 0.5 % with most and with least are left out, as
    ``snapatac2.pp.select_features`` does.

    Parameters
    ----------
    counts
        Cells × tiles.
    """
    total = np.asarray(counts.sum(axis=0)).ravel()
    order = np.argsort(total, kind="stable")[np.count_nonzero(total == 0) :]
    cut = int(EXTREME * len(order))
    return np.sort(order[cut : len(order) - cut][-MOST_TILES:])


def score_atac_doublets(
    counts: "sparse.csr_matrix", *, cells: pd.Index, seed: int
) -> pd.DataFrame | None:
    """Doublet score and probability of cells.

    Parameters
    ----------
    counts
        Cells × selected tiles.
    cells
        Names of the rows.
    seed
        Of the simulated doublets and the mixture.

    Returns
    -------
    pandas.DataFrame or None
        Columns ``score`` and ``probability``; None if there are fewer than 30 cells or 50 tiles
        (logged).
    """
    import anndata as ad
    import snapatac2 as snap

    if counts.shape[0] < FEWEST_CELLS or counts.shape[1] < FEWEST_TILES:
        logger.info(
            "ATAC doublets are not scored: %d cells and %d tiles; at least %d and %d are needed",
            *counts.shape,
            FEWEST_CELLS,
            FEWEST_TILES,
        )
        return None
    probability, score = snap.pp.scrublet(
        ad.AnnData(counts), features=None, random_state=seed, inplace=False, verbose=False
    )
    return pd.DataFrame({"score": score, "probability": probability}, index=cells)
