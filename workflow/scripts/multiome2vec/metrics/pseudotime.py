"""Whether a continuous trajectory runs through the embedding in its true order."""

import numpy as np

from multiome2vec.metrics import PSEUDOTIME, Undefined, register

FEWEST_CELLS = 20
DIFFUSION_COMPONENTS = 10
EARLIEST = 0.05  # share of the cells among which the root lies


@register("pseudotime", against=PSEUDOTIME)
def pseudotime_correlation(
    embedding: np.ndarray, pseudotime: np.ndarray, *, n_neighbors: int, seed: int
) -> dict[str, float]:
    """``pseudotime_spearman``: rank correlation of diffusion pseudotime with the true one.

    Diffusion pseudotime (Haghverdi 2016, Gaussian kernel) on the neighbour graph of the cells. Of
    the 5 % of cells that are truly earliest, the one nearest to their centre is its root. Cells
    that the graph does not connect with the root are the last ones. As the root is known, a
    negative value means a wrong order.
    """
    import anndata as ad
    import scanpy as sc
    from scipy.stats import spearmanr

    n = len(embedding)
    if n < FEWEST_CELLS or len(np.unique(pseudotime)) < 2:
        raise Undefined(f"{n} cells with a pseudotime are too few, or all have the same")
    cells = ad.AnnData(obsm={"X": np.asarray(embedding)}, shape=(n, 0))
    near = min(n_neighbors, n - 1)
    sc.pp.neighbors(cells, n_neighbors=near, use_rep="X", method="gauss", random_state=seed)
    components = min(DIFFUSION_COMPONENTS, n - 2)
    sc.tl.diffmap(cells, n_comps=components, random_state=seed)
    cells.uns["iroot"] = _root(np.asarray(embedding), np.asarray(pseudotime))
    sc.tl.dpt(cells, n_dcs=components)
    found = cells.obs["dpt_pseudotime"].to_numpy()
    found = np.where(np.isfinite(found), found, np.inf)
    return {"pseudotime_spearman": float(spearmanr(found, pseudotime).statistic)}


def _root(embedding: np.ndarray, pseudotime: np.ndarray) -> int:
    earliest = np.argsort(pseudotime, kind="stable")[: max(1, int(EARLIEST * len(pseudotime)))]
    centre = embedding[earliest].mean(axis=0)
    return int(earliest[np.square(embedding[earliest] - centre).sum(axis=1).argmin()])
