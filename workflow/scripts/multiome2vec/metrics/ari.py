"""Adjusted Rand index of clusters and classes."""

import numpy as np

from multiome2vec.metrics import register
from multiome2vec.metrics._clusters import best_leiden, kmeans


@register("ari")
def ari(
    embedding: np.ndarray, classes: np.ndarray, *, n_neighbors: int, seed: int
) -> dict[str, float]:
    """``ari``: Leiden at the resolution with the best NMI; ``ari_kmeans``: k = number of classes.

    Hubert & Arabie 1985; 0 in expectation for random clusters.
    """
    from sklearn.metrics import adjusted_rand_score

    clusters = best_leiden(embedding, classes, n_neighbors=n_neighbors, seed=seed)
    means = kmeans(embedding, classes, seed=seed)
    return {
        "ari": adjusted_rand_score(classes, clusters),
        "ari_kmeans": adjusted_rand_score(classes, means),
    }
