"""Scrublet as scanpy implements it (``scanpy.pp.scrublet``): dispersion-based gene selection."""

import numpy as np
from scipy import sparse

from multiome2vec.doublets.callers import CALLERS, NotScored, Scores

MIN_CELLS = 3  # scanpy's own filter of genes
COMPONENTS = 30
FEWEST_GENES = 10


@CALLERS.register("scanpy")
def score(counts: sparse.csr_matrix, *, expected_rate: float, seed: int) -> Scores:
    """Score cells by the share of simulated doublets among their (exact) neighbours.

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
        If fewer than ten genes are variable.
    """
    import anndata as ad
    import scanpy as sc

    cells = ad.AnnData(counts.astype(np.float32))
    components = min(COMPONENTS, cells.n_obs - 1, _variable_genes(cells) - 1)
    sc.pp.scrublet(
        cells,
        expected_doublet_rate=expected_rate,
        n_prin_comps=components,
        use_approx_neighbors=False,
        random_state=seed,
        verbose=False,
    )
    found = cells.uns["scrublet"]
    return Scores(
        observed=cells.obs["doublet_score"].to_numpy(float),
        simulated=np.asarray(found["doublet_scores_sim"], dtype=float),
        threshold=float(found["threshold"]) if "threshold" in found else None,
    )


def _variable_genes(cells) -> int:
    """How many genes ``scanpy.pp.scrublet`` will use: its own steps up to the selection."""
    import scanpy as sc

    seen = int((np.asarray((cells.X > 0).sum(axis=0)).ravel() >= MIN_CELLS).sum())
    variable = 0
    if seen >= FEWEST_GENES:
        copy = cells.copy()
        sc.pp.filter_genes(copy, min_cells=MIN_CELLS)
        sc.pp.normalize_total(copy)
        sc.pp.log1p(copy)
        sc.pp.highly_variable_genes(copy)
        variable = int(copy.var["highly_variable"].sum())
    if variable < FEWEST_GENES:
        raise NotScored(f"only {variable} genes are variable, {FEWEST_GENES} are needed")
    return variable
