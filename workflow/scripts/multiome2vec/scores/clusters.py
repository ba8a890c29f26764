"""How well an embedding falls into clusters, whatever the labels."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from multiome2vec.metrics import Undefined

NUMBERS = range(2, 11)  # of clusters
LARGEST_SAMPLE = 10_000  # cells whose silhouettes are averaged


def cluster_curve(
    embedding: np.ndarray, *, numbers: Iterable[int] = NUMBERS, seed: int
) -> pd.DataFrame:
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
    pandas.DataFrame
        One row per number of clusters (index ``k``): ``silhouette`` (Rousseeuw 1987, higher is
        better), ``calinski_harabasz`` (1974, higher), ``davies_bouldin`` (1979, lower).

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
    size = min(LARGEST_SAMPLE, len(embedding))
    rows = {}
    for k in (k for k in numbers if k < n_distinct):
        clusters = KMeans(k, n_init=10, random_state=seed).fit_predict(embedding)
        rows[k] = {
            "silhouette": silhouette_score(
                embedding, clusters, sample_size=size, random_state=seed
            ),
            "calinski_harabasz": calinski_harabasz_score(embedding, clusters),
            "davies_bouldin": davies_bouldin_score(embedding, clusters),
        }
    if not rows:
        raise Undefined(f"{n_distinct} different points are too few for clusters")
    return pd.DataFrame.from_dict(rows, orient="index").astype(float).rename_axis("k")
