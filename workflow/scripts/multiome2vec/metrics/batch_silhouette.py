"""Average silhouette width of batches."""

import numpy as np

from multiome2vec.metrics import BATCHES, Undefined, register

MAX_CELLS = 10_000  # of a class: distances are quadratic


@register("batch-silhouette", against=BATCHES)
def batch_silhouette(
    embedding: np.ndarray, classes: np.ndarray, batches: np.ndarray, *, n_neighbors: int, seed: int
) -> dict[str, float]:
    """``batch_silhouette``: 1 − mean |silhouette of the batches| in each class, mean over classes.

    scIB's batch ASW (Luecken 2022); 1 is perfect mixing. Classes seen in one batch only are left
    out. At most 10,000 cells of a class, drawn at random. ``n_neighbors`` is not used.
    """
    from sklearn.metrics import silhouette_samples

    rng = np.random.default_rng(seed)
    scores = []
    for name in np.unique(classes):
        cells = np.flatnonzero(classes == name)
        if len(cells) > MAX_CELLS:
            cells = rng.choice(cells, MAX_CELLS, replace=False)
        if 1 < len(np.unique(batches[cells])) < len(cells):
            widths = silhouette_samples(embedding[cells], batches[cells])
            scores.append(1 - np.abs(widths).mean())
    if not scores:
        raise Undefined("no class occurs in two batches")
    return {"batch_silhouette": float(np.mean(scores))}
