"""Whether an embedding keeps the phases of the cell cycle."""

import numpy as np

from multiome2vec.metrics import PHASES, register
from multiome2vec.metrics.knn import knn


@register("phase", against=PHASES)
def phase(
    embedding: np.ndarray, phases: np.ndarray, *, n_neighbors: int, seed: int
) -> dict[str, float]:
    """``phase_knn``: balanced accuracy of a kNN classifier of the phases, see ``knn``.

    Chance is a third. A high value is no merit where the cycle is to be removed.
    """
    return {"phase_knn": knn(embedding, phases, n_neighbors=n_neighbors, seed=seed)["knn_accuracy"]}
