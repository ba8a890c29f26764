"""Average silhouette width of labels."""

import numpy as np

from multiome2vec.metrics import register

MAX_CELLS = 20_000  # distances are quadratic; larger embeddings are sampled


@register("silhouette")
def silhouette(
    embedding: np.ndarray, labels: np.ndarray, *, n_neighbors: int, seed: int
) -> dict[str, float]:
    """``silhouette``: (s + 1) / 2 with s the mean silhouette of the labels (scIB's cell type ASW).

    Rousseeuw 1987; 0.5 for labels that do not matter. At most 20,000 cells, drawn at random.
    """
    from sklearn.metrics import silhouette_score

    size = MAX_CELLS if len(labels) > MAX_CELLS else None
    score = silhouette_score(embedding, labels, sample_size=size, random_state=seed)
    return {"silhouette": (score + 1) / 2}
