"""Clusterings of an embedding that agreement with labels is measured on."""

from functools import lru_cache

import numpy as np

RESOLUTIONS = np.round(np.arange(0.1, 2.01, 0.1), 1)  # as scIB


def kmeans(embedding: np.ndarray, *, k: int, seed: int) -> np.ndarray:
    """Cluster of each cell by k-means, best of 10 starts."""
    from sklearn.cluster import KMeans

    return KMeans(k, n_init=10, random_state=seed).fit_predict(embedding)


def leiden(embedding: np.ndarray, *, n_neighbors: int, seed: int) -> list[np.ndarray]:
    """Clusters of each cell by Leiden at every one of :data:`RESOLUTIONS`.

    On the graph of ``n_neighbors`` nearest neighbours, made symmetric; objective: modularity.
    """
    return _leiden(embedding.tobytes(), embedding.shape, embedding.dtype.str, n_neighbors, seed)


@lru_cache(maxsize=2)
def _leiden(data: bytes, shape: tuple, dtype: str, n_neighbors: int, seed: int):
    import random

    import igraph
    from sklearn.neighbors import kneighbors_graph

    embedding = np.frombuffer(data, dtype).reshape(shape)
    n = min(n_neighbors, len(embedding) - 1)
    neighbours = kneighbors_graph(embedding, n).tocoo()
    edges = np.stack([neighbours.row, neighbours.col], axis=1)
    graph = igraph.Graph(len(embedding), edges.tolist()).simplify()
    igraph.set_random_number_generator(random.Random(seed))
    return [
        np.asarray(
            graph.community_leiden("modularity", resolution=float(r), n_iterations=2).membership
        )
        for r in RESOLUTIONS
    ]


def best_leiden(
    embedding: np.ndarray, labels: np.ndarray, *, n_neighbors: int, seed: int
) -> np.ndarray:
    """Leiden clusters at the resolution with the largest NMI with the labels (scIB 2022)."""
    from sklearn.metrics import normalized_mutual_info_score as nmi

    clusterings = leiden(embedding, n_neighbors=n_neighbors, seed=seed)
    return max(clusterings, key=lambda clusters: nmi(labels, clusters))
