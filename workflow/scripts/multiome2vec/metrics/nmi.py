"""Normalised mutual information of clusters and classes."""

import numpy as np

from multiome2vec.metrics import register
from multiome2vec.metrics._clusters import best_leiden, kmeans


@register("nmi")
def nmi(
    embedding: np.ndarray, classes: np.ndarray, *, n_neighbors: int, seed: int
) -> dict[str, float]:
    """``nmi``: Leiden at its best resolution; ``nmi_kmeans``: k = number of classes.

    Mutual information over the arithmetic mean of the entropies. Not adjusted for chance: random
    clusters have a small positive value.
    """
    from sklearn.metrics import normalized_mutual_info_score

    clusters = best_leiden(embedding, classes, n_neighbors=n_neighbors, seed=seed)
    means = kmeans(embedding, classes, seed=seed)
    return {
        "nmi": normalized_mutual_info_score(classes, clusters),
        "nmi_kmeans": normalized_mutual_info_score(classes, means),
    }
