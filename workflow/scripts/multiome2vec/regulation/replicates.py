"""Effects of a label in several samples, with the samples as replicates."""

from typing import NamedTuple

import numpy as np
from scipy.stats import norm


class Effect(NamedTuple):
    """Effects in one sample and their variances, one entry per feature.

    A variance of infinity: the sample says nothing of that feature.
    """

    size: np.ndarray
    variance: np.ndarray


def combine(effects: list[Effect]) -> np.ndarray:
    """Z-score per feature over samples; 0 where no sample has information.

    With several samples their effects are combined with random effects (DerSimonian & Laird 1986,
    doi:10.1016/0197-2456(86)90046-2), so that an effect in one sample only does not pass for one of
    the label.
    """
    size = np.stack([effect.size for effect in effects])
    variance = np.stack([effect.variance for effect in effects])
    some = np.isfinite(variance)
    precision = np.where(some, 1 / np.where(some, variance, 1), 0)
    size = np.where(some, size, 0)
    between = _between_samples(size, precision)
    weight = np.where(some, 1 / (np.where(some, variance, 1) + between), 0)
    total = weight.sum(axis=0)
    return (weight * size).sum(axis=0) / np.sqrt(np.where(total > 0, total, 1))


def two_sided(z: np.ndarray) -> np.ndarray:
    """p-values of z-scores."""
    return 2 * norm.sf(np.abs(z))


def _between_samples(size: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """Variance of the effect between samples, by moments; 0 where one sample informs."""
    total = precision.sum(axis=0)
    safe = np.where(total > 0, total, 1)
    mean = (precision * size).sum(axis=0) / safe
    heterogeneity = (precision * (size - mean) ** 2).sum(axis=0)
    n = (precision > 0).sum(axis=0)
    scale = total - (precision**2).sum(axis=0) / safe
    excess = heterogeneity - (n - 1)
    return np.where(scale > 1e-9, np.maximum(excess, 0) / np.where(scale > 1e-9, scale, 1), 0)
