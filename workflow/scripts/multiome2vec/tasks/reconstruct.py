"""Reconstruction of every modality, seen or hidden, on cells that the model did not learn from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from scipy import sparse

from multiome2vec import keys
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
from multiome2vec.objectives.masking import keep
from multiome2vec.scores._blocks import Agreement
from multiome2vec.scores.reconstruction import agreement, masked_error, reconstruction
from multiome2vec.tasks.apply import PER, expected, holding, prepare
from multiome2vec.tasks.predict import as_csr, mean_of_rows, spans, transformed
from multiome2vec.tasks.pseudobulk import normalise
from multiome2vec.training.checkpoint import Checkpoint

if TYPE_CHECKING:
    from mudata import MuData

HIDDEN = 0.15  # share of the entries that are hidden for the masked error
#: scales in which truth and expectation are compared
LOG, COUNTS, OPEN, AS_IS = "log1p of counts per 10,000", "counts", "open or closed", "as modelled"


@dataclass(frozen=True)
class Reconstruction:
    """How well a model gives back the cells that it did not learn from.

    Attributes
    ----------
    scores
        By modality: ``n_cells`` and ``n_features`` compared, ``scale``, ``hidden_share``; ``model``
        and ``baseline`` (the mean over the training cells): the scores of
        :func:`multiome2vec.scores.reconstruction.reconstruction` of what was seen, and
        ``masked_mse`` of what was hidden; ``undefined``: why scores are missing, by what.
    features
        Modality, feature, mean_observed, mean_predicted, mse, mae, r2, pearson; one row each.
    cells
        Modality, cell, mse, mae, r2, pearson.
    """

    scores: dict[str, dict]
    features: pd.DataFrame
    cells: pd.DataFrame


def reconstruct(
    checkpoint: Checkpoint,
    data: "MuData | Dataset",
    split: Split,
    *,
    hidden: float = HIDDEN,
    seed: int = 0,
    unknown_batches: str = REFUSE,
    device: str = AUTO,
) -> Reconstruction:
    """Score what the model expects of held-out cells, given all they have, against what they have.

    Expression is compared as log1p of counts per 10,000; accessibility in counts at the cell's own
    depth (of a Bernoulli likelihood as open or closed); continuous values as they are, without
    features that are undefined in some of the cells.

    Parameters
    ----------
    split
        Cells that the model learnt from (for the baseline), and held-out ones.
    hidden
        Share of the entries of every modality that the encoders do not see, for ``masked_mse``.
    seed
        Of these entries: the same seed hides the same ones.
    unknown_batches
        ``refuse`` or ``average``.
    device
        ``auto``, ``cpu`` or ``cuda``.

    Raises
    ------
    UserError
        If no held-out cell has any of the model's modalities.
    """
    if not 0 < hidden < 1:
        raise UserError(f"The share of hidden entries is {hidden:g}, but must be within 0 and 1.")
    model = checkpoint.model.to(choose_device(device))
    prepared = prepare(checkpoint, data, unknown_batches=unknown_batches, device=device)
    scores, features, cells = {}, {}, {}
    for name in model.config.modalities:
        compared = _Compared.of(model, prepared, split, name)
        if compared is None:
            continue
        hiding = Hiding(list(model.config.modalities), hidden, seed)
        scores[name], found = _score(compared, split, hiding)
        labels = checkpoint.names[name][compared.columns]
        features[name] = pd.DataFrame(found.feature_table(), labels)
        cells[name] = pd.DataFrame(found.row_table(), prepared.obs.index[compared.cells])
    if not scores:
        raise UserError("No held-out cell has a modality of the model: give the training's data.")
    tables = (
        pd.concat(parts, names=["modality", index]).reset_index()
        for parts, index in ((features, "feature"), (cells, keys.CELL))
    )
    return Reconstruction(scores, *tables)


@dataclass(frozen=True)
class Hiding:
    """Which entries are hidden from the encoders: drawn by modality and block of cells.

    Attributes
    ----------
    modalities
        Names; their order is part of the draw.
    share, seed
        Of the entries.
    """

    modalities: list[str]
    share: float
    seed: int

    def entries(self, name: str, index: np.ndarray, n_features: int) -> np.ndarray:
        """Whether entries [b, F] of a block of cells are hidden."""
        key = [self.seed, self.modalities.index(name), int(index[0])]
        drawn = np.random.default_rng(key).random((len(index), n_features), dtype=np.float32)
        return drawn < self.share

    def __call__(self, index: np.ndarray, batch: Batch) -> Batch:
        """Leave what is not hidden of a block of cells."""
        kept = {}
        for name, x in batch.values.items():
            seen = torch.from_numpy(~self.entries(name, index, x.shape[1]))
            sparse_rows = isinstance(x, SparseRows)
            kept[name] = x.pick(seen.to(x.values.device)) if sparse_rows else seen.to(x.device)
        return keep(batch, kept)


@dataclass(frozen=True)
class _Compared:
    """Truth and expectation of one modality over held-out cells, in one scale."""

    model: MultimodalVAE
    data: CellData
    name: str
    cells: np.ndarray
    scale: str
    columns: np.ndarray  # of the features compared

    @classmethod
    def of(
        cls, model: MultimodalVAE, data: CellData, split: Split, name: str
    ) -> "_Compared | None":
        """None if no held-out cell has the modality."""
        cells = holding(data, held_out(split), name)
        if not len(cells):
            return None
        columns = np.ones(data.modalities[name].shape.n_features, bool)
        for start, stop in spans(len(cells)):
            defined = data.modalities[name].defined(cells[start:stop], CPU)
            if defined is not None:
                columns &= defined.bool().all(dim=0).numpy()
        return cls(model, data, name, cells, _scale(model, data, name), np.flatnonzero(columns))

    def truth(self, cells: np.ndarray) -> Iterator[sparse.csr_matrix]:
        """Rows of some cells, block by block."""
        for start, stop in spans(len(cells)):
            values = self.data.modalities[self.name].values(cells[start:stop], CPU)
            if self.model.config.modalities[self.name].target != "counts":
                values = transformed(self.model, self.name, values)
            rows = as_csr(values)
            if self.scale == LOG:
                rows = normalise(rows, total=PER)
            yield (rows > 0 if self.scale == OPEN else rows)[:, self.columns].astype(np.float32)

    def expected(self, hiding: Hiding | None = None) -> Iterator[np.ndarray]:
        """Expect the held-out cells, block by block."""
        library = PER if self.scale == LOG else None
        blocks = expected(
            self.model, self.data, self.cells, target=self.name, library=library, hide=hiding
        )
        for _, values in blocks:
            values = values[:, self.columns]
            yield np.log1p(values) if self.scale == LOG else values

    def hidden(self, hiding: Hiding) -> Iterator[np.ndarray]:
        """Where the entries of these blocks were hidden."""
        n_features = self.data.modalities[self.name].shape.n_features
        for index in self.data.order(self.cells, size=CHUNK):
            yield hiding.entries(self.name, index, n_features)[:, self.columns]


def _scale(model: MultimodalVAE, data: CellData, name: str) -> str:
    spec, kind = model.config.modalities[name], data.modalities[name].kind
    if spec.target != "counts" or kind == CONTINUOUS:
        return AS_IS
    if kind == ACCESSIBILITY:
        return OPEN if spec.likelihood == "bernoulli" else COUNTS
    return LOG


def _score(compared: _Compared, split: Split, hiding: Hiding) -> tuple[dict, Agreement]:
    """Scores of one modality, and what they are of."""
    truth = sparse.csr_matrix(sparse.vstack(list(compared.truth(compared.cells))))
    result = {"n_cells": truth.shape[0], "n_features": truth.shape[1]}
    result |= {"scale": compared.scale, "hidden_share": hiding.share, "undefined": {}}
    found = agreement(truth, compared.expected())
    masked = compared.expected(hiding)
    _enter(result, "model", found, lambda: masked_error(truth, masked, compared.hidden(hiding)))
    train = holding(compared.data, split.train, compared.name)
    if len(train):
        mean = mean_of_rows(compared.truth(train), binary=False)
        guesses = [
            np.broadcast_to(mean, (len(index), len(mean)))
            for index in compared.data.order(compared.cells, size=CHUNK)
        ]
        constant = agreement(truth, guesses)
        _enter(
            result,
            "baseline",
            constant,
            lambda: masked_error(truth, guesses, compared.hidden(hiding)),
        )
    return result, found


def _enter(result: dict, name: str, found: Agreement, masked) -> None:
    """Enter the scores of the model or the baseline, or why there are none."""
    try:
        result[name] = reconstruction(found) | {"masked_mse": masked()}
    except Undefined as error:
        result["undefined"][name] = str(error)
