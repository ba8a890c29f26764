"""Whether the cells of a class hang together over the batches."""

import numpy as np

from multiome2vec.metrics import BATCHES, Undefined, register


@register("graph-connectivity", against=BATCHES)
def graph_connectivity(
    embedding: np.ndarray, classes: np.ndarray, batches: np.ndarray, *, n_neighbors: int, seed: int
) -> dict[str, float]:
    """``graph_connectivity``: share of a class's cells in its largest component, mean over classes.

    scIB (Luecken 2022): of the symmetric graph of nearest neighbours among all cells, the part
    within each class. A class that the batches tear apart in two halves has 0.5. ``batches`` and
    ``seed`` are not used.
    """
    from scipy.sparse.csgraph import connected_components
    from sklearn.neighbors import kneighbors_graph

    if len(embedding) < 2:
        raise Undefined("fewer than two cells")
    graph = kneighbors_graph(embedding, min(n_neighbors, len(embedding) - 1)).tocsr()
    shares = []
    for name in np.unique(classes):
        cells = np.flatnonzero(classes == name)
        _, part = connected_components(graph[cells][:, cells], directed=False)
        shares.append(np.bincount(part).max() / len(cells))
    return {"graph_connectivity": float(np.mean(shares))}
