"""Dead components of a mixture prior, moved to where it explains cells worst."""

import logging
from collections.abc import Sequence

import numpy as np
import torch

from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.training.inference import Latent

logger = logging.getLogger(__name__)

DEAD = 0.2  # share of 1/K; a component that is used less is dead


def count_idle(idle: Sequence[int], responsibilities: np.ndarray) -> list[int]:
    """Count for each component the epochs in a row, this one included, in which it was dead.

    Parameters
    ----------
    idle
        Counts [K] before this epoch; empty before the first.
    responsibilities
        Of cells in this epoch [N, K].
    """
    usage = responsibilities.mean(axis=0, dtype=np.float64)
    dead = usage < DEAD / len(usage)
    before = np.asarray(idle or np.zeros(len(usage)), dtype=np.int64)
    return np.where(dead, before + 1, 0).tolist()


def longest_dead(idle: Sequence[int], *, epochs: int) -> int | None:
    """Component that has been dead for the most epochs, if these are at least ``epochs``."""
    if not idle or max(idle) < epochs:
        return None
    return int(np.argmax(idle))


def worst_place(cells: Latent, *, n_components: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance [D] of cells around one that the prior explains badly.

    Cells are ranked by the divergence of their posterior from the prior. The centre is the middle
    one of the worst 1/K, as the very worst are outliers (doublets) more often than not; with it
    go the N / 2K cells nearest to it. The variance is that of their means plus the mean one of
    their posteriors, as in :func:`~multiome2vec.models.density.initial_mixture`.
    """
    n_cells = len(cells.mean)
    ranked = np.argsort(-cells.divergence, kind="stable")
    centre = cells.mean[ranked[n_cells // (2 * n_components)]]
    distance = np.square(cells.mean - centre, dtype=np.float64).sum(axis=1)
    near = np.argsort(distance, kind="stable")[: max(n_cells // (2 * n_components), 2)]
    means = cells.mean[near]
    return means.mean(axis=0), means.var(axis=0) + cells.variance[near].mean(axis=0)


def reseed(model: MultimodalVAE, component: int, cells: Latent) -> None:
    """Move a component of the model's prior to the place that :func:`worst_place` finds."""
    place = worst_place(cells, n_components=model.config.n_components)
    device = next(model.parameters()).device
    model.prior.reseed(component, *(torch.from_numpy(part).to(device) for part in place))
    logger.info("Component %d of the mixture was dead: it starts again elsewhere.", component)
