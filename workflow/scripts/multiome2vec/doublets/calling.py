"""From doublet scores to calls: the threshold, and what happens where there is none."""

import logging
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import sparse

from multiome2vec import keys
from multiome2vec.doublets.callers import NotScored, Scores

FEWEST_CELLS = 30  # below, simulated doublets are copies of a handful of pairs
FEWEST_GENES = 10  # detected in a cell; emptier barcodes are not scored
LARGEST_SHARE = 0.2  # of cells called by an automatic threshold that is still believed
LEAST_DETECTABLE = 0.05  # of simulated doublets above an automatic threshold that is believed

logger = logging.getLogger(__name__)


def expected_doublet_rate(cells: int, *, rate_per_1000: float) -> float:
    """Return the expected fraction of doublets: in proportion to the cells, .001 to one half."""
    return float(np.clip(rate_per_1000 * cells / 1000, 0.001, 0.5))


def choose_threshold(scores: Scores, *, expected_rate: float) -> tuple[float, str]:
    """Choose the score above which a cell is called a doublet.

    The caller's automatic threshold (the minimum between the two modes of the simulated scores)
    serves unless there is none, or it calls more than both 20 % and twice the expected share of the
    cells, or fewer than 5 % of the simulated doublets lie above it. Then the quantile
    1 − ``expected_rate`` of the observed scores is used.

    Returns
    -------
    threshold : float
        Always finite.
    note : str
        ``automatic``, or why the quantile was used.
    """
    automatic = scores.threshold
    quantile = float(np.quantile(scores.observed, 1 - expected_rate))
    if automatic is None or not np.isfinite(automatic):
        return quantile, f"quantile {1 - expected_rate:.4f}: no automatic threshold was found"
    share = float(np.mean(scores.observed > automatic))
    if share > max(LARGEST_SHARE, 2 * expected_rate):
        return quantile, (
            f"quantile {1 - expected_rate:.4f}: the automatic threshold {automatic:.3f} calls "
            f"{share:.0%} of the cells, {expected_rate:.1%} are expected"
        )
    detectable = float(np.mean(scores.simulated > automatic))
    if detectable < LEAST_DETECTABLE:
        return quantile, (
            f"quantile {1 - expected_rate:.4f}: only {detectable:.1%} of the simulated doublets "
            f"lie above the automatic threshold {automatic:.3f}"
        )
    return automatic, "automatic"


def call_doublets(
    counts: sparse.csr_matrix,
    *,
    cells: pd.Index,
    score: Callable[..., Scores] | None,
    rate_per_1000: float,
    seed: int,
) -> pd.DataFrame:
    """Score and call the doublets of one sample.

    Parameters
    ----------
    counts
        Cells × genes, raw.
    cells
        Names of the rows.
    score
        A caller of :data:`multiome2vec.doublets.callers.CALLERS`; None scores nothing.
    rate_per_1000
        Expected fraction of doublets per 1,000 cells.
    seed
        Of the simulated doublets.

    Returns
    -------
    pandas.DataFrame
        Index ``cells``; score, call, threshold and note. Score and threshold are missing only for
        cells that were not scored, with the reason in the note; those are no doublets.
    """
    if score is None:
        return unscored(cells, "not scored: the caller is none")
    enough = np.asarray((counts > 0).sum(axis=1)).ravel() >= FEWEST_GENES
    if enough.sum() < FEWEST_CELLS:
        return unscored(
            cells, f"not scored: {enough.sum()} cells, at least {FEWEST_CELLS} are needed"
        )
    rate = expected_doublet_rate(int(enough.sum()), rate_per_1000=rate_per_1000)
    try:
        scores = score(counts[enough], expected_rate=rate, seed=seed)
    except NotScored as reason:
        return unscored(cells, f"not scored: {reason}")
    threshold, note = choose_threshold(scores, expected_rate=rate)
    table = unscored(cells, f"not scored: fewer than {FEWEST_GENES} genes")
    table.loc[enough, keys.DOUBLET_SCORE] = scores.observed
    table.loc[enough, keys.PREDICTED_DOUBLET] = scores.observed > threshold
    table.loc[enough, keys.DOUBLET_THRESHOLD] = threshold
    table.loc[enough, keys.DOUBLET_NOTE] = note
    logger.info(
        "%d of %d cells called doublets (%.1f %% expected), threshold %.3f (%s)",
        table[keys.PREDICTED_DOUBLET].sum(),
        len(table),
        100 * rate,
        threshold,
        note,
    )
    return table


def unscored(cells: pd.Index, note: str) -> pd.DataFrame:
    """Table of :func:`call_doublets` without scores: nothing is called, the note says why."""
    return pd.DataFrame(
        {
            keys.DOUBLET_SCORE: np.nan,
            keys.PREDICTED_DOUBLET: False,
            keys.DOUBLET_THRESHOLD: np.nan,
            keys.DOUBLET_NOTE: note,
        },
        index=cells,
    )
