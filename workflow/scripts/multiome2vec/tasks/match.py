"""Matching of cells across modalities by their embeddings."""

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from multiome2vec.data.cells import CellData
from multiome2vec.data.dataset import Dataset, as_dataset
from multiome2vec.data.device import AUTO, choose_device
from multiome2vec.data.multiome import REFUSE
from multiome2vec.data.splits import Split, held_out
from multiome2vec.errors import UserError
from multiome2vec.keys import ATAC, RNA
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.scores.matching import matching, optimal_matching
from multiome2vec.tasks.apply import holding, measured, prepare, projected, root
from multiome2vec.tasks.embed import LATENT, PROJECTION
from multiome2vec.training.checkpoint import Checkpoint
from multiome2vec.training.inference import latent

if TYPE_CHECKING:
    from mudata import MuData

TEMPERATURE = 0.1  # of the match probability, for cosine distances


def match(
    checkpoint: Checkpoint,
    data: "MuData | Dataset",
    cells: np.ndarray,
    *,
    left: str = RNA,
    right: str = ATAC,
    measure: str = "cosine",
    temperature: float = TEMPERATURE,
    optimal: bool = False,
    seed: int = 0,
    unknown_batches: str = REFUSE,
    device: str = AUTO,
) -> dict:
    """Score how well cells are found again by E q(z | left) and E q(z | right).

    Parameters
    ----------
    cells
        Numbers of the cells, which should not be those of the training; those that lack one of the
        modalities are left out.
    left, right
        Modalities (with what was derived from them).
    measure
        ``cosine`` or ``euclidean``.
    temperature
        τ of the match probability, a softmax of -d²/(2τ).
    optimal
        Also match one to one, by the Hungarian algorithm and by optimal transport.
    seed
        Of the batches of the optimal matching.
    unknown_batches
        ``refuse`` or ``average``.
    device
        ``auto``, ``cpu`` or ``cuda``.

    Returns
    -------
    dict
        ``n_cells``, ``measure``, ``temperature``, and scores of
        :func:`multiome2vec.scores.matching.matching` by space: ``latent`` and, if the model has
        one, ``projection``. Without two cells, ``undefined`` says so.

    Raises
    ------
    UserError
        If one modality was derived from the other, or is unknown.
    """
    model = checkpoint.model.to(choose_device(device))
    if root(model, left) == root(model, right):
        raise UserError(f"{left} and {right} are not two sources: one was computed from the other.")
    prepared = prepare(checkpoint, data, unknown_batches=unknown_batches, device=device)
    cells = holding(prepared, cells, left, right)
    result = {"n_cells": len(cells), "measure": measure, "temperature": temperature}
    if len(cells) < 2:
        return result | {"undefined": f"fewer than two cells have both {left} and {right}"}
    for space in (LATENT, PROJECTION)[: 2 if len(model.projections) else 1]:
        pair = [_placed(model, prepared, cells, name, space) for name in (left, right)]
        result[space] = matching(*pair, measure=measure, temperature=temperature)
        if optimal:
            result[space] |= optimal_matching(*pair, seed=seed, measure=measure)
    return result


def match_all(
    checkpoint: Checkpoint, data: "MuData | Dataset", split: Split, **options
) -> dict[str, dict]:
    """Score the matching of held-out cells between every two measured modalities.

    Parameters
    ----------
    options
        Of :func:`match`.

    Returns
    -------
    dict
        By ``{left}_{right}``; empty for a model of one measured modality.
    """
    dataset = as_dataset(data)
    cells = held_out(split)
    there = [n for n in measured(checkpoint.model) if n in dataset.modalities]
    return {
        f"{left}_{right}": match(checkpoint, dataset, cells, left=left, right=right, **options)
        for left, right in combinations(there, 2)
    }


def _placed(
    model: MultimodalVAE, data: CellData, cells: np.ndarray, name: str, space: str
) -> np.ndarray:
    if space == PROJECTION:
        return projected(model, data, cells, sources=[name])
    return latent(model, data, cells, sources=[name]).mean
