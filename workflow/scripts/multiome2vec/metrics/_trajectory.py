"""Agreement of an embedding with a continuous trajectory."""

import numpy as np

N_COMPONENTS = 10


def pseudotime_correlation(
    embedding: np.ndarray, pseudotime: np.ndarray, *, n_neighbors: int
) -> float:
    """|Spearman correlation| of diffusion pseudotime with the true one, among trajectory cells.

    Diffusion pseudotime (Haghverdi 2016) on the neighbour graph of these cells alone, from the cell
    with the smallest true pseudotime.

    Raises
    ------
    ValueError
        If there are fewer than 20 cells.
    """
    import anndata as ad
    import scanpy as sc
    from scipy.stats import spearmanr

    if len(embedding) < 20:
        raise ValueError(f"{len(embedding)} trajectory cells are too few")
    cells = ad.AnnData(obsm={"X": embedding}, shape=(len(embedding), 0))
    sc.pp.neighbors(cells, n_neighbors=min(n_neighbors, len(embedding) - 1), use_rep="X")
    sc.tl.diffmap(cells, n_comps=min(N_COMPONENTS, len(embedding) - 2))
    cells.uns["iroot"] = int(np.argmin(pseudotime))
    sc.tl.dpt(cells)
    found = cells.obs["dpt_pseudotime"].to_numpy()
    use = np.isfinite(found)
    return float(abs(spearmanr(found[use], pseudotime[use]).statistic))
