"""Clusterings of an embedding that agreement with classes is measured on."""

import random
from functools import lru_cache

import numpy as np

from multiome2vec.metrics import Undefined

RESOLUTIONS = tuple(round(0.1 * step, 1) for step in range(1, 21))  # 0.1 to 2.0, as scIB
ITERATIONS = 2


def kmeans(embedding: np.ndarray, classes: np.ndarray, *, seed: int) -> np.ndarray:
    """Cluster of each cell by k-means, k = number of classes, best of 10 starts.

    Raises
    ------
    Undefined
        If there are fewer than two classes.
    """
    from sklearn.cluster import KMeans

    k = _number_of(classes)
    return KMeans(k, n_init=10, random_state=seed).fit_predict(embedding)


def best_leiden(
    embedding: np.ndarray, classes: np.ndarray, *, n_neighbors: int, seed: int
) -> np.ndarray:
    """Leiden clusters at the resolution with the largest NMI with the classes (Luecken 2022).

    On the symmetric graph of the ``n_neighbors`` nearest neighbours, maximising modularity
    (Traag 2019).

    Raises
    ------
    Undefined
        If there are fewer than two classes.
    """
    from sklearn.metrics import normalized_mutual_info_score as nmi

    _number_of(classes)
    data = np.ascontiguousarray(embedding)
    clusterings = _leiden(data.tobytes(), data.shape, data.dtype.str, n_neighbors, seed)
    return max(clusterings, key=lambda clusters: nmi(classes, clusters))


def _number_of(classes: np.ndarray) -> int:
    names = np.unique(classes)
    if len(names) < 2:
        raise Undefined(f"there is one class only ('{names[0]}')" if len(names) else "no cells")
    return len(names)


@lru_cache(maxsize=1)  # several metrics in a row ask for the same clusterings
def _leiden(
    data: bytes, shape: tuple[int, int], dtype: str, n_neighbors: int, seed: int
) -> list[np.ndarray]:
    import igraph
    from sklearn.neighbors import kneighbors_graph

    embedding = np.frombuffer(data, dtype).reshape(shape)
    near = kneighbors_graph(embedding, min(n_neighbors, len(embedding) - 1)).tocoo()
    edges = np.stack([near.row, near.col], axis=1)
    graph = igraph.Graph(len(embedding), edges.tolist()).simplify()
    igraph.set_random_number_generator(random.Random(seed))
    try:
        found = [
            graph.community_leiden("modularity", resolution=level, n_iterations=ITERATIONS)
            for level in RESOLUTIONS
        ]
    finally:
        igraph.set_random_number_generator(random)
    return [np.asarray(clusters.membership) for clusters in found]
