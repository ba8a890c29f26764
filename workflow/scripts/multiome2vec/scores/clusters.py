"""How well an embedding falls into clusters, whatever the labels."""

from collections.abc import Iterable

import numpy as np

from multiome2vec.metrics import Undefined

LARGEST_SAMPLE = 10_000  # cells whose silhouettes are averaged


def cluster_curve(
    embedding: np.ndarray, *, numbers: Iterable[int] = range(2, 11), seed: int
) -> dict[str, float]:
    """Score k-means clusterings without labels, by their number of clusters.

    Parameters
    ----------
    embedding
        Cells (or samples) × dimensions.
    numbers
        Of clusters; those that the cells are too few for are left out.
    seed
        Of k-means, and of the cells whose silhouettes are averaged if there are more than
        :data:`LARGEST_SAMPLE`.

    Returns
    -------
    dict
        ``silhouette_{k}`` (Rousseeuw 1987, higher is better), ``calinski_harabasz_{k}`` (1974,
        higher), ``davies_bouldin_{k}`` (1979, lower) for each k, and ``best_k`` by silhouette.

    Raises
    ------
    Undefined
        If there are fewer than three different points.
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import (
        calinski_harabasz_score,
        davies_bouldin_score,
        silhouette_score,
    )

    n_distinct = len(np.unique(embedding, axis=0))
    found, silhouettes = {}, {}
    for k in numbers:
        if k >= n_distinct:
            continue
        clusters = KMeans(k, n_init=10, random_state=seed).fit_predict(embedding)
        size = min(LARGEST_SAMPLE, len(embedding))
        silhouettes[k] = float(
            silhouette_score(embedding, clusters, sample_size=size, random_state=seed)
        )
        found[f"silhouette_{k}"] = silhouettes[k]
        found[f"calinski_harabasz_{k}"] = float(calinski_harabasz_score(embedding, clusters))
        found[f"davies_bouldin_{k}"] = float(davies_bouldin_score(embedding, clusters))
    if not found:
        raise Undefined(f"{n_distinct} different points are too few for clusters")
    return {**found, "best_k": float(max(silhouettes, key=silhouettes.get))}
