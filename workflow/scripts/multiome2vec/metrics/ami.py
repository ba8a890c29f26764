"""Adjusted mutual information of clusters and classes."""

import numpy as np

from multiome2vec.metrics import register
from multiome2vec.metrics._clusters import best_leiden, kmeans


@register("ami")
def ami(
    embedding: np.ndarray, classes: np.ndarray, *, n_neighbors: int, seed: int
) -> dict[str, float]:
    """``ami``: Leiden at its best resolution; ``ami_kmeans``: k = number of classes.

    Mutual information adjusted for chance, so that random clusters have 0 (Vinh et al. 2010).
    """
    from sklearn.metrics import adjusted_mutual_info_score

    clusters = best_leiden(embedding, classes, n_neighbors=n_neighbors, seed=seed)
    means = kmeans(embedding, classes, seed=seed)
    return {
        "ami": adjusted_mutual_info_score(classes, clusters),
        "ami_kmeans": adjusted_mutual_info_score(classes, means),
    }
