"""State of a collapsed Gibbs sampler of LDA, and what follows from it.

Notation (Griffiths & Steyvers 2004): D cells, W regions, K topics; n_dk tokens of cell d in topic
k, n_wk tokens of region w in topic k. A token is an open region of a cell.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

RECORD_EVERY = 10  # iterations between records of the log-likelihood
TREND = 20  # last records that show whether it still climbs
CONVERGED = 1e-4  # relative rise per record below which the sampler counts as converged


@dataclass(frozen=True)
class GibbsSample:
    """Last state of a sampler.

    Attributes
    ----------
    cell_topic
        n_dk, D × K.
    region_topic
        n_wk, W × K.
    log_likelihood, iteration
        log p(w, z) after so many sweeps: every :data:`RECORD_EVERY` and at the end, or at the end
        only if the sampler keeps no record.
    isa
        Instruction set that the sampler used; the same seed gives the same result on the same set.
    """

    cell_topic: np.ndarray
    region_topic: np.ndarray
    log_likelihood: np.ndarray
    iteration: np.ndarray
    isa: str


def cell_topics(cell_topic: np.ndarray, *, alpha: float) -> np.ndarray:
    """Share of each topic in each cell, (n_dk + alpha) / (n_d + K alpha); rows sum to 1."""
    weight = cell_topic + alpha
    return weight / weight.sum(axis=1, keepdims=True)


def topic_regions(region_topic: np.ndarray, *, eta: float) -> np.ndarray:
    """Share of each region in each topic, (n_wk + eta) / (n_k + W eta); columns sum to 1."""
    weight = region_topic + eta
    return weight / weight.sum(axis=0, keepdims=True)


def log_likelihood(
    cell_topic: np.ndarray, region_topic: np.ndarray, *, alpha: float, eta: float
) -> float:
    """Complete-data log-likelihood log p(w, z | alpha, eta) = log p(w | z) + log p(z).

    Griffiths & Steyvers 2004, equations 2 and 3; equals ``lda.LDA.loglikelihood()``.
    """
    n_cells, k = cell_topic.shape
    n_regions = len(region_topic)
    words = k * (gammaln(n_regions * eta) - n_regions * gammaln(eta))
    words += gammaln(region_topic + eta).sum()
    words -= gammaln(region_topic.sum(axis=0) + n_regions * eta).sum()
    topics = n_cells * (gammaln(k * alpha) - k * gammaln(alpha))
    topics += gammaln(cell_topic + alpha).sum()
    topics -= gammaln(cell_topic.sum(axis=1) + k * alpha).sum()
    return float(words + topics)


def climb(log_likelihood: np.ndarray) -> float:
    """Relative rise of the log-likelihood from one record to the next, towards the end.

    Slope of the straight line through the second half of the records (at most :data:`TREND`), over
    their mean size. Single differences would not do: a converged chain still goes up and down by
    several times :data:`CONVERGED` between records.

    Returns
    -------
    float
        The share per :data:`RECORD_EVERY` iterations; infinite if there are fewer than 4 records.
    """
    if len(log_likelihood) < 4:
        return float("inf")
    recent = log_likelihood[-min(TREND, len(log_likelihood) // 2) :]
    slope = np.polyfit(np.arange(len(recent)), recent, 1)[0]
    return float(slope / np.abs(recent).mean())
