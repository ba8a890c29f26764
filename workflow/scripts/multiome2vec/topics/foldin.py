"""Topics of cells that a model was not fitted to, and how well it predicts them."""

import numpy as np
import pandas as pd
from scipy import sparse

ENTRIES = 20_000_000  # open regions × topics in memory at once
ITERATIONS = 200
TOLERANCE = 1e-3  # largest change of a cell's topic share at which its iteration has converged


def choose_fit_cells(
    strata: pd.Series, *, most: int, held_out: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Choose the cells to fit to and, of the others, those to measure perplexity on.

    Both are drawn from every stratum in proportion to its size, at least one of each to fit to.
    Where all strata are too small to hold a cell out, cells of any are.

    Parameters
    ----------
    strata
        Label (or label and sample) of each cell.
    most
        Cells to fit to, at most (strata of less than one cell of these still have one).
    held_out
        Share of all cells that are held out, at most ``most`` of them.

    Returns
    -------
    fit, held
        Positions, sorted and disjoint.
    """
    fit_share = min(1 - held_out, most / max(len(strata), 1))
    held_share = min(held_out, most / max(len(strata), 1))
    fit, held = [], []
    for positions in pd.Series(strata.to_numpy()).groupby(strata.to_numpy()).indices.values():
        cells = rng.permutation(positions)
        n_fit = max(1, round(fit_share * len(cells)))
        fit.append(cells[:n_fit])
        held.append(cells[n_fit : n_fit + round(held_share * len(cells))])
    chosen, others = (np.concatenate([*parts, np.empty(0, np.int64)]) for parts in (fit, held))
    if len(others) == 0:
        chosen = rng.permutation(chosen)
        n_held = round(held_share * len(strata))
        chosen, others = chosen[n_held:], chosen[:n_held]
    return np.sort(chosen), np.sort(others)


def fold_in(matrix: sparse.csr_matrix, region_share: np.ndarray, *, alpha: float) -> np.ndarray:
    """Estimate the number of open regions per topic of each cell, the topics' regions given.

    Fixed point of n_dk = sum over open regions w of γ_wk, γ_wk ∝ φ_wk (n_dk + α): the zeroth-order
    collapsed variational update (Asuncion et al. 2009) with fixed φ.

    Parameters
    ----------
    matrix
        Binary, D × W.
    region_share
        φ, W × K, columns sum to 1.
    alpha
        Prior of one topic.

    Returns
    -------
    numpy.ndarray
        n_dk, D × K; rows sum to the number of open regions.
    """
    phi = np.ascontiguousarray(region_share, dtype=np.float32)
    result = np.zeros((matrix.shape[0], phi.shape[1]), dtype=np.float32)
    for rows in _blocks(matrix, phi.shape[1]):
        result[rows] = _fold_in_block(matrix[rows], phi, alpha=alpha)
    return result


def _blocks(matrix: sparse.csr_matrix, k: int):
    """Slices of cells with at most :data:`ENTRIES` open regions × topics (at least one cell)."""
    start = 0
    while start < matrix.shape[0]:
        limit = matrix.indptr[start] + ENTRIES // k
        stop = max(start + 1, int(np.searchsorted(matrix.indptr, limit, side="right")) - 1)
        yield slice(start, stop)
        start = stop


def _fold_in_block(block: sparse.csr_matrix, phi: np.ndarray, *, alpha: float) -> np.ndarray:
    n_open = np.diff(block.indptr)
    cell = np.repeat(np.arange(block.shape[0]), n_open)
    share = phi[block.indices]
    weight = sparse.csr_matrix(
        (np.empty(block.nnz, np.float32), block.indices, block.indptr), shape=block.shape
    )
    counts = np.repeat(n_open[:, None] / phi.shape[1], phi.shape[1], axis=1).astype(np.float32)
    for _ in range(ITERATIONS):
        prior = counts + np.float32(alpha)
        weight.data = 1 / np.einsum("ij,ij->i", share, prior[cell])
        updated = prior * (weight @ phi)
        change = np.abs(updated - counts).max(initial=0, axis=1) / np.maximum(n_open, 1)
        counts = updated
        if change.max(initial=0) < TOLERANCE:
            break
    return counts


def perplexity(
    matrix: sparse.csr_matrix,
    region_share: np.ndarray,
    *,
    alpha: float,
    rng: np.random.Generator,
) -> float:
    """Perplexity of cells that the model has not seen; small is good (document completion).

    A random half of each cell's open regions gives its topics θ (:func:`fold_in`), the other half
    is predicted: exp(-mean over these of log sum_k θ_dk φ_wk) (Wallach et al. 2009).

    Returns
    -------
    float
        Between 1 and infinity; the number of regions if all are equally likely. NaN without a cell
        that has two open regions.
    """
    given = rng.random(matrix.nnz) < 0.5
    seen, predicted = (_entries(matrix, chosen) for chosen in (given, ~given))
    counts = fold_in(seen, region_share, alpha=alpha) + alpha
    theta = counts / counts.sum(axis=1, keepdims=True)
    total = 0.0
    for rows in _blocks(predicted, theta.shape[1]):
        block = predicted[rows]
        cell = np.repeat(np.arange(block.shape[0]), np.diff(block.indptr))
        chance = np.einsum("ij,ij->i", theta[rows][cell], region_share[block.indices])
        total += np.log(chance).sum()
    return float(np.exp(-total / predicted.nnz)) if predicted.nnz else float("nan")


def _entries(matrix: sparse.csr_matrix, chosen: np.ndarray) -> sparse.csr_matrix:
    """Keep the chosen entries only."""
    ends = np.concatenate([[0], np.cumsum(chosen)])[matrix.indptr]
    return sparse.csr_matrix(
        (np.ones(chosen.sum(), np.float32), matrix.indices[chosen], ends), shape=matrix.shape
    )
