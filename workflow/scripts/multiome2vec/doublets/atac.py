"""ATAC doublets of one sample: SnapATAC2's version of Scrublet on genomic tiles."""

import logging
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from multiome2vec.doublets.calling import FEWEST_CELLS

if TYPE_CHECKING:
    from anndata import AnnData
    from scipy import sparse

TILE = 500  # bp
MOST_TILES = 250_000  # the most accessible ones
FEWEST_TILES = 50
SEX = ("chrY", "Y")  # left out, as SnapATAC2 does

logger = logging.getLogger(__name__)


def tile_counts(fragments: "AnnData", *, mitochondrion: str) -> "AnnData":
    """Count paired insertions in consecutive tiles of 500 bp.

    Parameters
    ----------
    fragments
        Of :func:`multiome2vec.io.snap.import_fragments`.
    mitochondrion
        Left out, as is the Y chromosome.

    Returns
    -------
    anndata.AnnData
        Cells × tiles, CSR.
    """
    import snapatac2 as snap

    excluded = [mitochondrion, *SEX]
    return snap.pp.add_tile_matrix(fragments, bin_size=TILE, exclude_chroms=excluded, inplace=False)


def select_tiles(tiles: "AnnData") -> np.ndarray:
    """Columns of the most accessible tiles (at most 250,000), in the order of the genome.

    Of the tiles with any count, the 0.5 % with most and with least are left out (SnapATAC2).
    """
    import snapatac2 as snap

    chosen = snap.pp.select_features(tiles, n_features=MOST_TILES, inplace=False, verbose=False)
    return np.flatnonzero(chosen)


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
