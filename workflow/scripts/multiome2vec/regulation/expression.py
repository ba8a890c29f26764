"""Differential expression: mean differences within samples, samples as replicates."""

import numpy as np
from scipy import sparse

from multiome2vec.regulation.replicates import Effect

BLOCK = 10_000_000  # values in double precision at once
FEWEST = 10  # cells of a label, and outside of it, for a sample to count


def mean_differences(
    matrix: sparse.csr_matrix, inside: np.ndarray, samples: np.ndarray
) -> list[Effect]:
    """Differences of mean expression inside and outside, with Welch's variances.

    Parameters
    ----------
    matrix
        Log-normalised expression, cells × genes.
    inside
        Mask of the cells of the label.
    samples
        Sample of each cell.

    Returns
    -------
    list of Effect
        One per sample with at least :data:`FEWEST` cells inside and as many outside; the variance
        is infinite for genes that do not vary.
    """
    found = []
    for sample in np.unique(samples):
        groups = [np.flatnonzero((samples == sample) & mask) for mask in (inside, ~inside)]
        if min(map(len, groups)) < FEWEST:
            continue
        (mean, error), (other_mean, other_error) = (_moments(matrix[cells]) for cells in groups)
        variance = error + other_error
        found.append(Effect(mean - other_mean, np.where(variance > 0, variance, np.inf)))
    return found


def log2_fold_change(matrix: sparse.csr_matrix, inside: np.ndarray) -> np.ndarray:
    """log2 of mean counts per 10,000 inside over outside (plus 1e-9 each), as scanpy's."""
    means = [np.expm1(_moments(matrix[mask])[0]) for mask in (inside, ~inside)]
    return np.log2((means[0] + 1e-9) / (means[1] + 1e-9))


def _moments(matrix: sparse.csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """Means of genes, and squares of their standard errors."""
    n, n_genes = matrix.shape
    total, square = np.zeros(n_genes), np.zeros(n_genes)
    for start in range(0, matrix.nnz, BLOCK):
        genes = matrix.indices[start : start + BLOCK]
        values = matrix.data[start : start + BLOCK].astype(np.float64)
        total += np.bincount(genes, values, n_genes)
        square += np.bincount(genes, values**2, n_genes)
    mean = total / n
    return mean, np.maximum(square / n - mean**2, 0) / (n - 1)
