"""What an embedding looks like: distances, correlated dimensions, calibrated posteriors."""

import numpy as np
import pandas as pd

from multiome2vec.errors import ContractError
from multiome2vec.metrics import Undefined

PAIRS = 100_000  # whose distances are summarised
QUANTILES = (0.05, 0.5, 0.95)


def pair_distances(embedding: np.ndarray, *, seed: int) -> np.ndarray:
    """Euclidean distances of all pairs of different cells, or of :data:`PAIRS` random ones.

    Raises
    ------
    Undefined
        If there is one cell only, or all are in one place.
    """
    n = len(embedding)
    if n < 2:
        raise Undefined("one cell has no distance to others")
    rng = np.random.default_rng(seed)
    if n * (n - 1) // 2 <= PAIRS:
        left, right = np.triu_indices(n, k=1)
    else:
        left = rng.integers(0, n, PAIRS)
        right = (left + rng.integers(1, n, PAIRS)) % n
    found = np.linalg.norm(embedding[left].astype(np.float64) - embedding[right], axis=1)
    if not found.any():
        raise Undefined("all cells are in one place")
    return found


def label_distances(embedding: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """Euclidean distances between the centres of labels; on the diagonal of its cells to a centre.

    Parameters
    ----------
    embedding
        [N, D].
    labels
        [N].

    Returns
    -------
    pandas.DataFrame
        Labels × labels, sorted by name.
    """
    values = pd.DataFrame(np.asarray(embedding, np.float64))
    labels = np.asarray(labels).astype(str)
    centres = values.groupby(labels).mean()
    between = np.linalg.norm(centres.to_numpy()[:, None] - centres.to_numpy(), axis=2)
    off = np.linalg.norm(values.to_numpy() - centres.loc[labels].to_numpy(), axis=1)
    np.fill_diagonal(between, pd.Series(off).groupby(labels).mean())
    return pd.DataFrame(between, centres.index, centres.index)


def distances(embedding: np.ndarray, *, seed: int) -> dict[str, float]:
    """Summarise Euclidean distances of random pairs of different cells.

    Returns
    -------
    dict
        ``distance_mean``, ``distance_sd``, ``distance_q05``, ``_q50``, ``_q95``, and
        ``distance_contrast`` = sd / mean (near 0: all are equally far from one another).

    Raises
    ------
    Undefined
        As :func:`pair_distances`.
    """
    found = pair_distances(embedding, seed=seed)
    scores = {"distance_mean": found.mean(), "distance_sd": found.std()}
    for share, value in zip(QUANTILES, np.quantile(found, QUANTILES), strict=True):
        scores[f"distance_q{100 * share:02.0f}"] = value
    scores["distance_contrast"] = found.std() / found.mean()
    return {name: float(value) for name, value in scores.items()}


def correlations(embedding: np.ndarray) -> dict[str, float]:
    """Summarise correlations between the dimensions that vary.

    Returns
    -------
    dict
        ``dimensions_varying``; ``correlation_mean`` and ``correlation_max``, of absolute Pearson
        correlations of pairs; ``dimensions_effective``, (Σλ)²/Σλ² of the covariance's eigenvalues.

    Raises
    ------
    Undefined
        If fewer than two dimensions vary.
    """
    values = np.asarray(embedding, np.float64)
    values = values[:, values.std(axis=0) > 1e-12]
    if values.shape[1] < 2:
        raise Undefined("fewer than two dimensions vary")
    pairs = np.abs(np.corrcoef(values.T)[np.triu_indices(values.shape[1], k=1)])
    spectrum = np.linalg.eigvalsh(np.cov(values.T))
    return {
        "dimensions_varying": float(values.shape[1]),
        "correlation_mean": float(pairs.mean()),
        "correlation_max": float(pairs.max()),
        "dimensions_effective": float(spectrum.sum() ** 2 / (spectrum**2).sum()),
    }


def calibration(
    joint_mean: np.ndarray, joint_variance: np.ndarray, mean: np.ndarray, variance: np.ndarray
) -> dict[str, float]:
    """Whether one modality's posterior is as wide as it must be to hold the joint one's mean.

    z = (joint mean - mean) / sd of the modality's posterior. If both posteriors are exact, the
    joint mean varies about the modality's mean with variance - joint variance (law of total
    variance), so per dimension E z² = 1 - E[joint variance / variance]. More than that: the
    modality's posterior is too narrow.

    Parameters
    ----------
    joint_mean, joint_variance, mean, variance
        [N, D] of the joint and of the modality's posterior.

    Returns
    -------
    dict
        ``z_sd`` and ``z_sd_max``: sd of z per dimension, mean and largest over dimensions;
        ``z_sd_expected``: mean of √(1 - E[joint variance / variance]), 0 where that is negative;
        ``z_ratio``: √(Σ E z² / Σ E z² expected), 1 if calibrated, above 1 if too narrow;
        ``z_bias``: mean over dimensions of |mean of z|.

    Raises
    ------
    Undefined
        If the modality's posterior is nowhere wider than the joint one, so no spread is expected.
    """
    if len({np.shape(part) for part in (joint_mean, joint_variance, mean, variance)}) > 1:
        raise ContractError("Means and variances of the posteriors are not of one shape.")
    z = (joint_mean - mean) / np.sqrt(variance)
    expected = np.maximum(1 - (joint_variance / variance).mean(axis=0), 0)
    if expected.sum() <= 1e-9:
        raise Undefined("the modality's posterior is nowhere wider than the joint one")
    found = {
        "z_sd": z.std(axis=0).mean(),
        "z_sd_max": z.std(axis=0).max(),
        "z_sd_expected": np.sqrt(expected).mean(),
        "z_ratio": np.sqrt(np.square(z).mean(axis=0).sum() / expected.sum()),
        "z_bias": np.abs(z.mean(axis=0)).mean(),
    }
    return {name: float(value) for name, value in found.items()}
