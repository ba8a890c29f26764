"""Scrublet (Wolock et al. 2019, doi:10.1016/j.cels.2018.11.005), the original library."""

import contextlib
import io

import numpy as np
from scipy import sparse

from multiome2vec.doublets.callers import CALLERS, NotScored, Scores

MIN_COUNTS, MIN_CELLS, VARIABILITY = 3, 3, 85  # Scrublet's defaults for informative genes
COMPONENTS = 30
FEWEST_GENES = 10


@CALLERS.register("scrublet")
def score(counts: sparse.csr_matrix, *, expected_rate: float, seed: int) -> Scores:
    """Score cells by the share of simulated doublets among their neighbours.

    Exact neighbours are searched: the approximate index of Scrublet depends on the number of
    threads.

    Parameters
    ----------
    counts
        Cells × genes, raw.
    expected_rate
        Expected fraction of doublets.
    seed
        Of the simulated doublets and of the components.

    Raises
    ------
    NotScored
        If fewer than ten genes are informative.
    """
    from scrublet import Scrublet

    with contextlib.redirect_stdout(io.StringIO()):
        model = Scrublet(
            counts.tocsc().astype(np.float64),
            expected_doublet_rate=expected_rate,
            random_state=seed,
        )
        components = min(COMPONENTS, counts.shape[0] - 1, _informative_genes(counts) - 1)
        model.scrub_doublets(
            use_approx_neighbors=False,
            min_counts=MIN_COUNTS,
            min_cells=MIN_CELLS,
            min_gene_variability_pctl=VARIABILITY,
            n_prin_comps=components,
            verbose=False,
        )
    return Scores(
        observed=np.asarray(model.doublet_scores_obs_, dtype=float),
        simulated=np.asarray(model.doublet_scores_sim_, dtype=float),
        threshold=None if model.predicted_doublets_ is None else float(model.threshold_),
    )


def _informative_genes(counts: sparse.csr_matrix) -> int:
    """How many genes Scrublet will use."""
    from scrublet.helper_functions import filter_genes, tot_counts_norm

    used = 0
    if ((counts > 0).sum(axis=0) >= MIN_CELLS).sum() >= FEWEST_GENES:
        scaled = tot_counts_norm(counts.tocsc().astype(np.float64))
        abundant = np.asarray((scaled >= MIN_COUNTS).sum(axis=0)).ravel() >= MIN_CELLS
        if abundant.sum() >= FEWEST_GENES:
            found = filter_genes(
                scaled, min_vscore_pctl=VARIABILITY, min_counts=MIN_COUNTS, min_cells=MIN_CELLS
            )
            used = len(found)
    if used < FEWEST_GENES:
        raise NotScored(f"only {used} genes are informative, {FEWEST_GENES} are needed")
    return used
