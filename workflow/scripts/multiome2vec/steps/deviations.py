"""Motif activity of every cell."""

import logging
from functools import partial

import anndata as ad
import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import ContractError, UserError
from multiome2vec.io.atomic import write_h5ad
from multiome2vec.io.contracts import check_motif, check_scores
from multiome2vec.io.regions import load_regions
from multiome2vec.logs import progress
from multiome2vec.motifs.background import background_regions
from multiome2vec.motifs.deviations import deviations as score

logger = logging.getLogger(__name__)


def deviations(
    *, regions: str, barcodes: str, scores: str, out: str, background_sets: int, bin_size: int,
    w: float, seed: int,
) -> None:  # fmt: skip
    """Write chromVAR deviations of the finally kept cells.

    Parameters
    ----------
    regions, barcodes, scores
        ``regions.h5ad``, the final ``barcodes.tsv`` and the matches (``scores.h5ad``).
    out
        ``deviations.h5ad``: X z-scores, layers ``deviation`` and ``mask`` (1 where undefined).
    background_sets, bin_size, w, seed
        See :func:`multiome2vec.motifs.background.background_regions`.
    """
    cells, matches = load_regions(regions, barcodes), ad.read_h5ad(scores)
    check_scores(matches, path=scores)
    where = matches.obs_names.get_indexer(cells.var_names)
    if (where < 0).any():
        missing = cells.var_names[where < 0][0]
        raise ContractError(f"{scores} lacks region {missing} of {regions}. Remove it, run again.")
    total = np.asarray(cells.X.sum(axis=0)).ravel()
    used = np.flatnonzero(total)
    if len(used) < 2:
        raise UserError(f"{regions}: fewer than two regions are open in the kept cells.")
    logger.info(
        "%d of %d regions have counts in the kept cells; %d without are left out",
        len(used), cells.n_vars, cells.n_vars - len(used),
    )  # fmt: skip
    background = background_regions(
        matches.obs["gc"].to_numpy()[where[used]],
        total[used],
        sets=background_sets,
        bin_size=bin_size,
        w=w,
        rng=np.random.default_rng(seed),
    )
    found = score(
        cells.X[:, used],
        matches.X[where[used]],
        background,
        progress=partial(progress, total=background_sets, what="background sets"),
    )
    logger.info("%.2f %% of the scores are undefined", 100 * found.undefined.mean())
    nowhere = matches.var_names[found.undefined.all(axis=0)]
    if len(nowhere):
        logger.info("%d motifs are undefined in all cells: %s", len(nowhere), ", ".join(nowhere))
    result = ad.AnnData(
        found.z,
        obs=pd.DataFrame(index=cells.obs_names),
        var=matches.var,
        layers={keys.DEVIATION: found.deviation, keys.MASK: found.undefined.astype(np.uint8)},
    )
    check_motif(result, path=out)
    write_h5ad(result, out)
