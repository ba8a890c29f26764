"""How many batches a cell's neighbourhood holds."""

import numpy as np

from multiome2vec.metrics import BATCHES, Undefined, register

PERPLEXITY = 30  # as published; neighbourhoods have three times as many cells
STEPS = 50  # of the search for the kernel width
TOLERANCE = 1e-5  # on the entropy


@register("ilisi", against=BATCHES)
def ilisi(
    embedding: np.ndarray, classes: np.ndarray, batches: np.ndarray, *, n_neighbors: int, seed: int
) -> dict[str, float]:
    """``ilisi``: (median LISI of the batches − 1) / (number of batches − 1), as scIB.

    0: neighbours come from one batch; 1: from all batches alike (only possible where batches are of
    equal size). ``classes``, ``n_neighbors`` and ``seed`` are not used.
    """
    n = len(np.unique(batches))
    if n < 2:
        raise Undefined("there is one batch only")
    return {"ilisi": float((np.median(lisi(embedding, batches)) - 1) / (n - 1))}


def lisi(embedding: np.ndarray, groups: np.ndarray, *, perplexity: float = PERPLEXITY):
    """Local inverse Simpson index of each cell (Korsunsky 2019): 1 to the number of groups.

    1 / Σ_g p_g², p_g the share of group g among the 3 · ``perplexity`` nearest neighbours, weighted
    by a Gaussian-like kernel exp(−β d) whose β gives the weights the entropy log ``perplexity``.
    """
    from sklearn.neighbors import NearestNeighbors

    if len(embedding) <= 3:
        raise Undefined("fewer than four cells")
    k = min(int(3 * perplexity), len(embedding) - 1)
    distance, near = NearestNeighbors(n_neighbors=k).fit(embedding).kneighbors()
    weight = _weights(distance.astype(float), entropy=np.log(min(perplexity, k / 3)))
    _, code = np.unique(groups, return_inverse=True)
    shares = [(weight * (code[near] == group)).sum(axis=1) for group in range(code.max() + 1)]
    return 1 / np.square(shares).sum(axis=0)


def _weights(distance: np.ndarray, *, entropy: float) -> np.ndarray:
    """Normalised exp(−β_i d_ij), with β_i found by bisection so that each row has this entropy."""
    beta = np.ones((len(distance), 1))
    low, high = np.zeros_like(beta), np.full_like(beta, np.inf)
    for _ in range(STEPS):
        weight = np.exp(-beta * (distance - distance[:, :1]))
        weight /= weight.sum(axis=1, keepdims=True)
        found = -(weight * np.log(np.maximum(weight, 1e-300))).sum(axis=1, keepdims=True)
        if np.abs(found - entropy).max() < TOLERANCE:
            break
        flat = found > entropy  # the kernel is too wide
        low, high = np.where(flat, beta, low), np.where(flat, high, beta)
        beta = np.where(np.isinf(high), 2 * beta, (low + np.minimum(high, 1e300)) / 2)
    return weight
