"""Prediction of one modality from another, on cells that the model did not learn from."""

from collections.abc import Iterator
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from multiome2vec.data.cells import CHUNK, CellData
from multiome2vec.data.dataset import Dataset
from multiome2vec.data.device import AUTO, CPU, choose_device
from multiome2vec.data.multiome import REFUSE
from multiome2vec.data.splits import Split, held_out
from multiome2vec.errors import UserError
from multiome2vec.metrics import Undefined
from multiome2vec.models.batch import Batch
from multiome2vec.models.config import ACCESSIBILITY, CONTINUOUS
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.nn.sparse_rows import SparseRows
from multiome2vec.scores.prediction import accessibility, expression
from multiome2vec.tasks.apply import PER, expected, holding, measured, prepare, root
from multiome2vec.tasks.pseudobulk import normalise
from multiome2vec.training.checkpoint import Checkpoint

if TYPE_CHECKING:
    from mudata import MuData


def predict(
    checkpoint: Checkpoint,
    data: "MuData | Dataset",
    split: Split,
    *,
    source: str,
    target: str,
    unknown_batches: str = REFUSE,
    device: str = AUTO,
) -> dict:
    """Score the prediction E p(target | E q(z | source)) on held-out cells.

    What was derived from the target (motif activity from ATAC) is never looked at. Expression is
    compared as log1p of counts per 10,000, continuous values as they are; accessibility as open or
    closed. The baseline predicts, for every cell, the mean over the training cells.

    Parameters
    ----------
    data
        Cells with both modalities, at least some.
    split
        Cells that the model learnt from (for the baseline), and held-out ones.
    source, target
        Modalities.
    unknown_batches
        ``refuse`` or ``average``.
    device
        ``auto``, ``cpu`` or ``cuda``.

    Returns
    -------
    dict
        ``n_cells`` scored; ``model`` and ``baseline``: scores of
        :mod:`multiome2vec.scores.prediction`, the baseline only if there are training cells;
        ``undefined``: why scores are missing, by what.

    Raises
    ------
    UserError
        If one modality was derived from the other, or no held-out cell has both.
    """
    model = checkpoint.model.to(choose_device(device))
    prepared = prepare(checkpoint, data, unknown_batches=unknown_batches, device=device)
    return _score(model, prepared, split, source, target)


def predict_all(
    checkpoint: Checkpoint,
    data: "MuData | Dataset",
    split: Split,
    *,
    unknown_batches: str = REFUSE,
    device: str = AUTO,
) -> dict[str, dict]:
    """Score all predictions between measured modalities, as ``{source}_to_{target}``.

    Returns
    -------
    dict
        By direction, as of :func:`predict`; empty for a model of one measured modality.
    """
    model = checkpoint.model.to(choose_device(device))
    prepared = prepare(checkpoint, data, unknown_batches=unknown_batches, device=device)
    there = [n for n in measured(model) if (prepared.modalities[n].rows >= 0).any()]
    return {
        f"{source}_to_{target}": _score(model, prepared, split, source, target)
        for source, target in permutations(there, 2)
    }


def _score(model: MultimodalVAE, data: CellData, split: Split, source: str, target: str) -> dict:
    if root(model, source) == root(model, target):
        raise UserError(
            f"Predicting {target} from {source} says nothing: one was computed from the other."
        )
    cells = holding(data, held_out(split), source, target)
    if not len(cells):
        raise UserError(f"No held-out cell has both {source} and {target}.")
    is_open = data.modalities[target].kind == ACCESSIBILITY
    truth = _stack(_truth(model, data, cells, target))
    function = accessibility if is_open else expression
    train = holding(data, split.train, target)
    result = {"n_cells": len(cells), "undefined": {}}
    predictions = {"model": _predicted(model, data, cells, source, target)}
    if len(train):
        mean = mean_of_rows(_truth(model, data, train, target), binary=is_open)
        predictions["baseline"] = (
            np.tile(mean, (stop - start, 1)) for start, stop in spans(len(cells))
        )
    for name, blocks in predictions.items():
        try:
            result[name] = function(truth, blocks)
        except Undefined as error:
            result["undefined"][name] = str(error)
    return result


def spans(n: int) -> list[tuple[int, int]]:
    """Give the starts and stops of blocks of ``n`` cells."""
    return [(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK)]


def _logged(model: MultimodalVAE, data: CellData, target: str) -> bool:
    """Whether a modality is compared as log1p of counts per 10,000."""
    counts = model.config.modalities[target].target == "counts"
    return counts and data.modalities[target].kind not in (CONTINUOUS, ACCESSIBILITY)


def _predicted(
    model: MultimodalVAE, data: CellData, cells: np.ndarray, source: str, target: str
) -> Iterator[np.ndarray]:
    logged = _logged(model, data, target)
    blocks = expected(model, data, cells, target=target, sources=[source], library=PER)
    for _, values in blocks:
        yield np.log1p(values) if logged else values


def _truth(
    model: MultimodalVAE, data: CellData, cells: np.ndarray, target: str
) -> Iterator[sparse.csr_matrix]:
    """Rows of a modality in the scale that it is compared in."""
    kind = data.modalities[target].kind
    for start, stop in spans(len(cells)):
        index = cells[start:stop]
        values = data.modalities[target].values(index, CPU)
        if model.config.modalities[target].target != "counts" and kind != ACCESSIBILITY:
            values = transformed(model, target, values)
        rows = as_csr(values)
        yield normalise(rows, total=PER) if _logged(model, data, target) else rows


def transformed(model: MultimodalVAE, target: str, values):
    """Values [B, F] of a modality on the scale that a model with transformed targets has."""
    device = next(model.parameters()).device
    empty = values.new_zeros(0) if not isinstance(values, SparseRows) else values.values
    batch = Batch({target: values.to(device)}, {}, empty, empty)
    return model.target(target, batch)[0].to(CPU)


def as_csr(values) -> sparse.csr_matrix:
    """Rows of a batch, dense or sparse, as a matrix."""
    if not isinstance(values, SparseRows):
        return sparse.csr_matrix(values.numpy())
    parts = (values.values, values.columns, values.offsets)
    return sparse.csr_matrix(tuple(part.numpy() for part in parts), shape=values.shape)


def _stack(blocks: Iterator[sparse.csr_matrix]) -> sparse.csr_matrix:
    return sparse.csr_matrix(sparse.vstack(list(blocks)))


def mean_of_rows(blocks: Iterator[sparse.csr_matrix], *, binary: bool) -> np.ndarray:
    """Mean of each feature over rows, of open or closed if ``binary``."""
    total, n = 0.0, 0
    for block in blocks:
        total = total + np.asarray((block > 0 if binary else block).sum(axis=0)).ravel()
        n += block.shape[0]
    return (total / n).astype(np.float32)
