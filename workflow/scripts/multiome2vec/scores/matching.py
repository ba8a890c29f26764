"""Whether the two halves of a cell find each other by their embeddings."""

from collections.abc import Sequence

import numpy as np

from multiome2vec.errors import ContractError
from multiome2vec.metrics import Undefined

BLOCK = 4_000_000  # distances at once
MEASURES = ("euclidean", "cosine")
ITERATIONS = 1000  # of Sinkhorn's algorithm, at most
TOLERANCE = 1e-6  # of its row sums, relative


def matching(
    left: np.ndarray, right: np.ndarray, *, top: Sequence[int] = (1, 5),
    temperature: float | None = None, measure: str = "euclidean",
) -> dict[str, float]:  # fmt: skip
    """Score how near each cell is to itself among all cells of the other modality.

    Distances are made block by block: 100,000 cells need no matrix of 10¹⁰.

    Parameters
    ----------
    left, right
        [N, D], embeddings of the same cells in the same order from two modalities.
    top
        k of the accuracies.
    temperature
        τ of the match probability: softmax over the other modality's cells of -d²/(2τ); None leaves
        it out.
    measure
        ``euclidean``, or ``cosine`` (distance of vectors of length 1: d²/2 = 1 - cosine).

    Returns
    -------
    dict
        ``foscttm``: share of the other cells that are closer than the true one (Liu 2019; 0 best,
        0.5 chance; ties half), both directions. ``top{k}_forward``, ``top{k}_backward``: whether
        the true cell is among the k nearest (ties by chance). ``match_probability_forward`` and
        ``_backward``: mean probability of the true cell.

    Raises
    ------
    ContractError
        If the shapes differ or a value is not finite.
    Undefined
        If there is one cell only.
    """
    left, right = _prepare(left, right, measure)
    ranks = _Ranks(len(left))
    softmax = None if temperature is None else _Softmax(len(left))
    true = _true_distances(left, right)
    for rows, distance in _distances(left, right, true):
        ranks.add(rows, distance, true)
        if softmax is not None:
            softmax.add(rows, distance / (-2 * temperature))
    scores = {"foscttm": ranks.foscttm()}
    for number, direction in enumerate(("forward", "backward")):
        for k in top:
            scores[f"top{k}_{direction}"] = ranks.accuracy(number, k)
        if softmax is not None:
            probability = softmax.probability(number, true / (-2 * temperature))
            scores[f"match_probability_{direction}"] = probability
    return scores


def optimal_matching(
    left: np.ndarray, right: np.ndarray, *, batch: int = 1000, epsilon: float = 0.05, seed: int,
    measure: str = "euclidean",
) -> dict[str, float]:  # fmt: skip
    """Score one-to-one matchings within random batches of cells.

    Parameters
    ----------
    left, right
        [N, D], embeddings of the same cells.
    batch
        Cells matched at once: time grows with its cube. Accuracies fall with it, so they compare
        only at the same size.
    epsilon
        Entropic regularisation, in units of the batch's median squared distance.
    seed
        Of the batches; cells left over after the last whole one are left out.

    Returns
    -------
    dict
        ``hungarian_top1``: share of cells matched with themselves by the assignment with the least
        sum of squared distances. ``transport_match_probability``: mean share of a cell's mass on
        itself in the entropic optimal transport between uniform masses (Cuturi 2013).
    """
    from scipy.optimize import linear_sum_assignment

    left, right = _prepare(left, right, measure)
    order = np.random.default_rng(seed).permutation(len(left))
    size = min(batch, len(left))
    assigned, mass = [], []
    for start in range(0, len(left) - size + 1, size):
        cells = order[start : start + size]
        some, other = left[cells], right[cells]
        _, cost = next(_distances(some, other, _true_distances(some, other), rows=size))
        assigned.append((linear_sum_assignment(cost)[1] == np.arange(size)).mean())
        scale = np.median(cost)
        plan = sinkhorn(cost / (scale if scale > 0 else 1), epsilon=epsilon)
        mass.append(np.trace(plan))
    return {
        "hungarian_top1": float(np.mean(assigned)),
        "transport_match_probability": float(np.mean(mass)),
    }


def sinkhorn(cost: np.ndarray, *, epsilon: float) -> np.ndarray:
    """Entropic optimal transport between uniform masses, in log space.

    Parameters
    ----------
    cost
        [N, N].
    epsilon
        Regularisation, in the cost's unit.

    Returns
    -------
    numpy.ndarray
        Plan [N, N] that minimises Σ P·cost - epsilon·H(P); its columns sum to 1/N, its rows within
        the tolerance or as near as the iterations lead.
    """
    from scipy.special import logsumexp

    kernel = -cost / epsilon
    log_mass = -np.log(len(cost))
    f, g = np.zeros(len(cost)), np.zeros(len(cost))
    for _ in range(ITERATIONS):
        f = log_mass - logsumexp(kernel + g, axis=1)
        g = log_mass - logsumexp(kernel + f[:, None], axis=0)
        rows = np.exp(logsumexp(kernel + g, axis=1) + f - log_mass)
        if np.abs(rows - 1).max() < TOLERANCE:
            break
    return np.exp(kernel + f[:, None] + g)


def _prepare(left: np.ndarray, right: np.ndarray, measure: str) -> tuple[np.ndarray, np.ndarray]:
    """Both in double precision, centred (or of length 1), so that few digits cancel."""
    if left.shape != right.shape:
        raise ContractError(f"Embeddings of {left.shape} and {right.shape} are not of one shape.")
    if len(left) < 2:
        raise Undefined("one cell has no other to be taken for")
    if measure not in MEASURES:
        raise ContractError(f"Unknown measure '{measure}'. Known: {', '.join(MEASURES)}.")
    left, right = np.asarray(left, np.float64), np.asarray(right, np.float64)
    if not (np.isfinite(left).all() and np.isfinite(right).all()):
        raise ContractError("Embeddings to be matched hold values that are not finite.")
    if measure == "cosine":
        lengths = [np.linalg.norm(values, axis=1, keepdims=True) for values in (left, right)]
        return tuple(
            values / np.where(length > 0, length, 1)
            for values, length in zip((left, right), lengths, strict=True)
        )
    centre = (left.mean(axis=0) + right.mean(axis=0)) / 2
    return left - centre, right - centre


def _true_distances(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Squared distance of each cell to itself [N]."""
    return np.square(left - right).sum(axis=1)


def _distances(left: np.ndarray, right: np.ndarray, true: np.ndarray, *, rows: int | None = None):
    """Row numbers and squared distances [b, N] to all of ``right``, block by block."""
    rows = rows or max(1, BLOCK // len(right))
    length, other = np.square(left).sum(axis=1), np.square(right).sum(axis=1)
    for start in range(0, len(left), rows):
        cells = np.arange(start, min(start + rows, len(left)))
        distance = left[cells] @ right.T
        distance *= -2
        distance += length[cells, None]
        distance += other
        np.maximum(distance, 0, out=distance)
        distance[cells - start, cells] = true[cells]
        yield cells, distance


class _Ranks:
    """How many cells are closer than the true one, and as close: [direction, N]."""

    def __init__(self, n: int) -> None:
        self.closer = np.zeros((2, n), np.int64)
        self.upto = np.zeros((2, n), np.int64)

    def add(self, rows: np.ndarray, distance: np.ndarray, true: np.ndarray) -> None:
        """Take in the distances [b, N] of some rows."""
        self.closer[0, rows] = np.count_nonzero(distance < true[rows, None], axis=1)
        self.upto[0, rows] = np.count_nonzero(distance <= true[rows, None], axis=1)
        self.closer[1] += np.count_nonzero(distance < true, axis=0)
        self.upto[1] += np.count_nonzero(distance <= true, axis=0)

    def foscttm(self) -> float:
        """Mean over both directions, ties half."""
        n = self.closer.shape[1]
        ties = self.upto - self.closer - 1
        return float(((self.closer + ties / 2) / (n - 1)).mean())

    def accuracy(self, direction: int, k: int) -> float:
        """Chance that the true cell is among the k nearest, ties in random order."""
        closer = self.closer[direction]
        return float(np.clip((k - closer) / (self.upto[direction] - closer), 0, 1).mean())


class _Softmax:
    """Streaming log of Σ exp by row and by column."""

    def __init__(self, n: int) -> None:
        self.rows = np.zeros(n)
        self.largest = np.full(n, -np.inf)
        self.total = np.zeros(n)

    def add(self, rows: np.ndarray, logits: np.ndarray) -> None:
        """Take in the logits [b, N] of some rows."""
        most = logits.max(axis=1)
        self.rows[rows] = most + np.log(np.exp(logits - most[:, None]).sum(axis=1))
        largest = np.maximum(self.largest, logits.max(axis=0))
        self.total *= np.exp(self.largest - largest)
        self.total += np.exp(logits - largest).sum(axis=0)
        self.largest = largest

    def probability(self, direction: int, logits: np.ndarray) -> float:
        """Mean probability of the true cells with logits [N]."""
        norm = self.rows if direction == 0 else self.largest + np.log(self.total)
        return float(np.exp(logits - norm).mean())
