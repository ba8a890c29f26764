"""Numbers that tell whether the latent space is used: per epoch, over the validation cells."""

import logging
from collections.abc import Callable, Sequence

import numpy as np
import torch

from multiome2vec.models import priors
from multiome2vec.training.inference import Latent

logger = logging.getLogger(__name__)

ACTIVE = 0.01  # variance over cells from which a latent variable is active (Burda et al. 2016)
MIN_UNITS = 2  # fewer active latent variables are called a collapse
MIN_COMPONENTS = 1.5  # fewer effective components of a mixture prior are called a collapse

#: takes where the validation cells lie, gives numbers by the name of their column in the history
Monitor = Callable[[Latent], dict[str, float]]


def active_units(means: np.ndarray) -> int:
    """Count the latent variables whose posterior mean [N, D] varies over cells."""
    return int((means.var(axis=0) > ACTIVE).sum())


def effective_components(responsibilities: np.ndarray) -> float:
    """Effective number of components of responsibilities [N, K] of cells: 1 if one has all."""
    usage = torch.from_numpy(responsibilities.mean(axis=0, dtype=np.float64))
    return float(priors.effective_components(usage))


def latent_use(latent: Latent) -> dict[str, float]:
    """Active latent variables, and the effective components of a mixture prior."""
    numbers: dict[str, float] = {"active_units": active_units(latent.mean)}
    if latent.responsibilities is not None:
        numbers["effective_components"] = effective_components(latent.responsibilities)
    return numbers


def observe(latent: Latent, monitors: Sequence[Monitor]) -> dict[str, float]:
    """Numbers of :func:`latent_use` and of every further monitor."""
    numbers = latent_use(latent)
    for monitor in monitors:
        numbers |= monitor(latent)
    return numbers


def warn_of_collapse(numbers: dict[str, float]) -> None:
    """Log a warning if the latent space or the mixture over it has collapsed."""
    units, components = numbers["active_units"], numbers.get("effective_components")
    if units < MIN_UNITS:
        logger.warning("The latent space has collapsed: %d variables carry information.", units)
    if components is not None and components < MIN_COMPONENTS:
        logger.warning("The mixture has collapsed: it uses %.2f components in effect.", components)
