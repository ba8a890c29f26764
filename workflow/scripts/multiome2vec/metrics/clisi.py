"""How many classes a cell's neighbourhood holds."""

import numpy as np

from multiome2vec.metrics import Undefined, register
from multiome2vec.metrics.ilisi import lisi


@register("clisi")
def clisi(
    embedding: np.ndarray, classes: np.ndarray, *, n_neighbors: int, seed: int
) -> dict[str, float]:
    """``clisi``: (number of classes − median LISI) / (number of classes − 1), as scIB.

    1: neighbours are of the cell's class; 0: of all classes alike. ``n_neighbors`` and ``seed`` are
    not used.
    """
    n = len(np.unique(classes))
    if n < 2:
        raise Undefined("there is one class only")
    return {"clisi": float((n - np.median(lisi(embedding, classes))) / (n - 1))}
