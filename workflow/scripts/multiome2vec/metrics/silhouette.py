"""Average silhouette width of classes."""

import numpy as np

from multiome2vec.metrics import Undefined, register

MAX_CELLS = 20_000  # distances are quadratic; larger embeddings are sampled


@register("silhouette")
def silhouette(
    embedding: np.ndarray, classes: np.ndarray, *, n_neighbors: int, seed: int
) -> dict[str, float]:
    """``silhouette``: (s + 1) / 2 with s the mean silhouette of the classes (scIB's cell type ASW).

    Rousseeuw 1987, euclidean; about 0.5 for classes that do not matter. At most 20,000 cells, drawn
    at random. ``n_neighbors`` is not used.
    """
    from sklearn.metrics import silhouette_score

    if len(classes) > MAX_CELLS:
        drawn = np.random.default_rng(seed).choice(len(classes), MAX_CELLS, replace=False)
        embedding, classes = embedding[drawn], classes[drawn]
    n = len(np.unique(classes))
    if not 2 <= n < len(classes):
        raise Undefined(f"{n} class(es) among {len(classes)} cells")
    return {"silhouette": (silhouette_score(embedding, classes) + 1) / 2}
