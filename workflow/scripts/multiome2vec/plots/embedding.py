"""Two dimensions of an embedding, for drawing."""

import numpy as np


def umap_coordinates(embedding: np.ndarray, *, n_neighbors: int, seed: int) -> np.ndarray:
    """Two UMAP dimensions (McInnes 2018), the same for the same seed (one thread)."""
    from umap import UMAP

    n = min(n_neighbors, len(embedding) - 1)
    return UMAP(n_neighbors=n, min_dist=0.3, random_state=seed, n_jobs=1).fit_transform(embedding)
