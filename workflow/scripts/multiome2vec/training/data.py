"""Cells in memory: sparse matrices that become dense one batch at a time."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from scipy import sparse

from multiome2vec.models.batch import Batch
from multiome2vec.models.config import ModalityShape
from multiome2vec.models.transforms import FeatureStatistics

CHUNK = 256  # cells at a time where no gradients are needed


@dataclass(frozen=True)
class ModalityData:
    """Values of one modality.

    Attributes
    ----------
    kind
        See :class:`~multiome2vec.models.config.ModalityShape`.
    values
        Rows × features: CSR, or an array for values that are dense by nature.
    rows
        For each cell its row of ``values``, -1 where the cell lacks the modality.
    defined
        Rows × features, 1 where a value is defined; None if all are.
    """

    kind: str
    values: sparse.csr_matrix | np.ndarray
    rows: np.ndarray
    defined: np.ndarray | None = None

    @property
    def shape(self) -> ModalityShape:
        """Kind and number of features."""
        return ModalityShape(self.kind, self.values.shape[1])

    def take(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Dense float32 values [B, F] of some cells, and where they are defined.

        Rows of cells without the modality are 0.
        """
        rows = self.rows[index]
        there = (rows >= 0)[:, None]
        values = self.values[np.maximum(rows, 0)]
        dense = values.toarray() if sparse.issparse(values) else values
        defined = None if self.defined is None else self.defined[np.maximum(rows, 0)]
        return (
            np.where(there, dense, 0).astype(np.float32),
            None if defined is None else defined.astype(np.float32),
        )

    def statistics(self, cells: np.ndarray) -> FeatureStatistics:
        """Statistics over those of ``cells`` that have the modality."""
        rows = self.rows[cells]
        rows = rows[rows >= 0]
        values = self.values[rows].astype(np.float64)
        if sparse.issparse(values):
            count = np.full(values.shape[1], len(rows))
            total = np.asarray(values.sum(axis=0)).ravel()
            square = np.asarray(values.multiply(values).sum(axis=0)).ravel()
        else:
            defined = 1 if self.defined is None else self.defined[rows]
            count = (np.ones_like(values) * defined).sum(axis=0)
            total, square = (values * defined).sum(axis=0), (values**2 * defined).sum(axis=0)
        return FeatureStatistics.from_sums(len(rows), count=count, total=total, square=square)


@dataclass(frozen=True)
class CellData:
    """All cells of a dataset.

    Attributes
    ----------
    modalities
        By name, in the order of the model's experts.
    batch_codes
        Index of the batch of each cell.
    n_batches
        Number of batches the model is told of; 0 if it is told of none.
    """

    modalities: dict[str, ModalityData]
    batch_codes: np.ndarray
    n_batches: int

    def __len__(self) -> int:
        return len(self.batch_codes)

    @property
    def shapes(self) -> dict[str, ModalityShape]:
        """Shapes of the modalities."""
        return {name: modality.shape for name, modality in self.modalities.items()}

    def batch(self, index: np.ndarray, device: torch.device) -> Batch:
        """Dense tensors of some cells; nothing larger than the batch is ever dense."""
        values, defined = {}, {}
        for name, modality in self.modalities.items():
            dense, where = modality.take(index)
            values[name] = torch.from_numpy(dense).to(device)
            if where is not None:
                defined[name] = torch.from_numpy(where).to(device)
        present = np.stack([m.rows[index] >= 0 for m in self.modalities.values()], axis=1)
        covariate = np.zeros((len(index), self.n_batches), np.float32)
        if self.n_batches:
            covariate[np.arange(len(index)), self.batch_codes[index]] = 1
        return Batch(
            values=values,
            defined=defined,
            present=torch.from_numpy(present).to(device),
            covariate=torch.from_numpy(covariate).to(device),
        )


@dataclass(frozen=True)
class Split:
    """Cells to learn from and cells to choose the epoch by."""

    train: np.ndarray
    validation: np.ndarray


def split_cells(batch_codes: np.ndarray, *, validation: float, rng: np.random.Generator) -> Split:
    """Set aside the share ``validation`` of the cells of every batch (at least one cell in all)."""
    held = []
    for code in np.unique(batch_codes):
        cells = rng.permutation(np.flatnonzero(batch_codes == code))
        held.append(cells[: round(validation * len(cells))])
    chosen = np.sort(np.concatenate(held))
    if len(chosen) == 0:
        chosen = rng.integers(len(batch_codes), size=1)
    return Split(np.setdiff1d(np.arange(len(batch_codes)), chosen), chosen)


def index_batches(
    cells: np.ndarray, *, size: int, rng: np.random.Generator | None = None
) -> Iterator[np.ndarray]:
    """Yield ``cells`` in batches: shuffled and near-equal in size with ``rng``, else in order."""
    if rng is None:
        yield from np.split(cells, range(size, len(cells), size))
    else:
        yield from np.array_split(rng.permutation(cells), -(-len(cells) // size))


def choose_device(name: str = "auto") -> torch.device:
    """Device of that name; ``auto`` is the GPU if there is one, else the CPU."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)
