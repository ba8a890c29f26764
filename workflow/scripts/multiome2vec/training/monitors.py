"""Numbers that tell whether the latent space is used: per epoch, over the validation cells."""

import logging
import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from scipy.special import logsumexp

from multiome2vec.models import priors
from multiome2vec.training.inference import Latent

logger = logging.getLogger(__name__)

ACTIVE = 0.01  # variance over cells from which a latent variable is active (Burda et al. 2016)
CELLS = 1000  # whose posteriors are compared with each other, at most
WIDTH = 256  # dimensions in which they are compared at a time
MIN_UNITS = 2  # fewer active latent variables are called a collapse
MIN_COMPONENTS = 1.5  # fewer effective components of a mixture prior are called a collapse

#: takes where the validation cells lie, gives numbers by the name of their column in the history;
#: one that is not finite counts as undefined: it becomes NaN
Monitor = Callable[[Latent], dict[str, float]]


def active_units(means: np.ndarray) -> int:
    """Count the latent variables whose posterior mean [N, D] varies over cells."""
    return int((means.var(axis=0) > ACTIVE).sum())


def effective_components(responsibilities: np.ndarray) -> float:
    """Effective number of components of responsibilities [N, K] of cells: 1 if one has all."""
    usage = torch.from_numpy(responsibilities.mean(axis=0, dtype=np.float64))
    return float(priors.effective_components(usage))


def mutual_information(means: np.ndarray, variances: np.ndarray, *, seed: int = 0) -> float:
    """Estimate how much the latent variables tell of the cell, I(x; z) under q, in nats.

    1/N Σ_n [log q(z_n | x_n) − log 1/N Σ_m q(z_n | x_m)] with one draw z_n of each posterior, taken
    as a diagonal Gaussian (Hoffman & Johnson 2016): 0 if all posteriors are alike and ln N, the
    most there can be, if none overlaps with another. Of many cells, 1,000 evenly spread in their
    order are compared.

    Parameters
    ----------
    means, variances
        Of the posteriors [N, D].
    seed
        Of the draws.
    """
    rng, n = np.random.default_rng(seed), min(len(means), CELLS)
    taken = np.linspace(0, len(means) - 1, n).astype(np.int64)
    pairs = np.zeros((n, n))
    for start in range(0, means.shape[1], WIDTH):
        part = (taken, slice(start, start + WIDTH))
        mean, variance = means[part].astype(np.float64), variances[part].astype(np.float64)
        z = mean + np.sqrt(variance) * rng.standard_normal(mean.shape)
        pairs += _log_densities(z, mean, variance)
    return float((pairs.diagonal() - logsumexp(pairs, axis=1)).mean() + np.log(n))


def _log_densities(z: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Log-density [N, N] of each point [N, D] under each Gaussian, but for (D/2) log 2π."""
    precision = 1 / variance
    own = (np.log(variance) + mean**2 * precision).sum(axis=1)
    return z @ (mean * precision).T - 0.5 * (z**2 @ precision.T + own)


def latent_use(latent: Latent, *, seed: int = 0) -> dict[str, float]:
    """Active latent variables, what they tell, and the effective components of a mixture prior."""
    numbers: dict[str, float] = {
        "active_units": active_units(latent.mean),
        "mutual_information": mutual_information(latent.mean, latent.variance, seed=seed),
    }
    if latent.responsibilities is not None:
        numbers["effective_components"] = effective_components(latent.responsibilities)
    return numbers


def observe(latent: Latent, monitors: Sequence[Monitor], *, seed: int = 0) -> dict[str, float]:
    """Numbers of :func:`latent_use` and of every further monitor."""
    numbers = latent_use(latent, seed=seed)
    for monitor in monitors:
        found = monitor(latent)
        numbers |= {n: v if math.isfinite(v) else math.nan for n, v in found.items()}
    return numbers


def warn_of_collapse(numbers: dict[str, float]) -> None:
    """Log a warning if the latent space or the mixture over it has collapsed."""
    units, components = numbers["active_units"], numbers.get("effective_components")
    if units < MIN_UNITS:
        logger.warning("The latent space has collapsed: %d variables carry information.", units)
    if components is not None and components < MIN_COMPONENTS:
        logger.warning("The mixture has collapsed: it uses %.2f components in effect.", components)
