"""Embedding of all cells of a dataset by a trained model."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from multiome2vec.data.dataset import Dataset
from multiome2vec.data.device import AUTO, choose_device
from multiome2vec.data.multiome import REFUSE
from multiome2vec.errors import UserError
from multiome2vec.tasks.apply import prepare, projected
from multiome2vec.training.checkpoint import Checkpoint
from multiome2vec.training.inference import latent

if TYPE_CHECKING:
    from mudata import MuData

LATENT, PROJECTION = "latent", "projection"
SPACES = (LATENT, PROJECTION)


def embed(
    checkpoint: Checkpoint,
    data: "MuData | Dataset",
    *,
    cells: np.ndarray | None = None,
    sources: Sequence[str] | None = None,
    space: str = LATENT,
    unknown_batches: str = REFUSE,
    device: str = AUTO,
) -> np.ndarray:
    """Place each cell by every modality it has, or by some alone.

    Parameters
    ----------
    data
        That of the training, or another one with the same features, paired or mosaic.
    cells
        Numbers of the cells to place, sorted; None for all.
    sources
        Modalities to look at; None for all.
    space
        ``latent``: mean of the posterior. ``projection``: where a contrastive objective compares
        cells, see :func:`multiome2vec.tasks.apply.projected`.
    unknown_batches
        ``refuse`` or ``average``, see :func:`multiome2vec.tasks.apply.prepare`.
    device
        ``auto``, ``cpu`` or ``cuda``.

    Returns
    -------
    numpy.ndarray
        Cells × dimensions, float32, in the order of the cells.

    Raises
    ------
    ContractError
        If the data lack features that the model was trained on.
    UserError
        If a batch, a modality or the space is unknown.
    """
    if space not in SPACES:
        raise UserError(f"There is no space '{space}'. Known: {', '.join(SPACES)}.")
    prepared = prepare(checkpoint, data, unknown_batches=unknown_batches, device=device)
    model = checkpoint.model.to(choose_device(device))
    wanted = np.arange(len(prepared)) if cells is None else cells
    if space == PROJECTION:
        return projected(model, prepared, wanted, sources=sources)
    return latent(model, prepared, wanted, sources=sources).mean
