"""All cells of a dataset, given out in batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from multiome2vec.data.backed import BackedStore
from multiome2vec.data.metadata import metadata
from multiome2vec.data.sampling import WINDOW, index_batches, index_windows, prefetch
from multiome2vec.data.statistics import raw_sums
from multiome2vec.data.stores import DenseStore, Store
from multiome2vec.models.batch import Batch
from multiome2vec.models.config import ModalityShape
from multiome2vec.models.transforms import FeatureStatistics
from multiome2vec.nn.sparse_rows import SparseRows, densify

CHUNK = 256  # cells at a time where no gradients are needed


@dataclass(frozen=True)
class ModalityData:
    """Values of one modality.

    Attributes
    ----------
    kind
        See :class:`~multiome2vec.models.config.ModalityShape`.
    store
        Rows × features modelled.
    rows
        For each cell its row of ``store``, -1 where the cell lacks the modality.
    sparse
        Whether batches hold :class:`~multiome2vec.nn.sparse_rows.SparseRows`; else they are dense.
    segments
        Features per chromosome, in their order; empty if they have no order along the genome.
    """

    kind: str
    store: Store
    rows: np.ndarray
    sparse: bool = False
    segments: tuple[int, ...] = ()

    @property
    def shape(self) -> ModalityShape:
        """Kind and number of features, and how they lie along the genome."""
        return ModalityShape(self.kind, self.store.shape[1], self.segments)

    def values(self, index: np.ndarray, device: torch.device) -> Tensor | SparseRows:
        """Float32 values [B, F] of some cells; rows of cells without the modality are 0."""
        values = self.store.rows(self.rows[index], device)
        return values if self.sparse else densify(values)

    def defined(self, index: np.ndarray, device: torch.device) -> Tensor | None:
        """Where the values of some cells [B, F] are defined, as 1 or 0; None if all are."""
        if isinstance(self.store, DenseStore):
            return self.store.defined(self.rows[index], device)
        return None

    def statistics(self, cells: np.ndarray) -> FeatureStatistics:
        """Statistics over those of ``cells`` that have the modality."""
        rows = self.rows[cells]
        sums = raw_sums(self.store, rows[rows >= 0])
        return FeatureStatistics.from_sums(
            sums.n_cells,
            count=sums.count,
            total=sums.total,
            square=sums.square,
            n_open=sums.n_open,
            median_library=sums.median_library,
            log_library=sums.log_library,
        )

    def window(self, cells: np.ndarray) -> "ModalityData":
        """Those cells only, read into memory if they are in a file."""
        rows, store = self.rows[cells], self.store
        if isinstance(store, BackedStore):
            there = rows >= 0
            store, rows[there] = store.window(rows[there])
        return ModalityData(self.kind, store, rows, self.sparse, self.segments)


@dataclass(frozen=True)
class CellData:
    """All cells of a dataset.

    Attributes
    ----------
    modalities
        By name, in the order of the model's experts.
    batch_codes
        Index of the batch of each cell; -1 for a batch that the model does not know, in place of
        which it is told of all in equal shares.
    n_batches
        Number of batches the model is told of; 0 if it is told of none.
    obs
        Metadata of the cells, by barcode; text as categories.
    donors
        Index of the donor of each cell, -1 where it has none; None if batches need not tell.
    """

    modalities: dict[str, ModalityData]
    batch_codes: np.ndarray
    n_batches: int
    obs: pd.DataFrame = field(default_factory=pd.DataFrame)
    donors: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.batch_codes)

    @property
    def shapes(self) -> dict[str, ModalityShape]:
        """Shapes of the modalities."""
        return {name: modality.shape for name, modality in self.modalities.items()}

    def there(self) -> np.ndarray:
        """Whether each cell has any of the modalities."""
        found = np.zeros(len(self), bool)
        for part in self.modalities.values():
            found |= part.rows >= 0
        return found

    def batch(self, index: np.ndarray, device: torch.device) -> Batch:
        """Tensors of some cells; nothing larger than the batch is ever dense."""
        values, defined = {}, {}
        for name, modality in self.modalities.items():
            values[name] = modality.values(index, device)
            where = modality.defined(index, device)
            if where is not None:
                defined[name] = where
        present = np.stack([m.rows[index] >= 0 for m in self.modalities.values()], axis=1)
        covariate = np.zeros((len(index), self.n_batches), np.float32)
        if self.n_batches:
            codes = self.batch_codes[index]
            covariate[np.arange(len(index)), codes] = 1
            covariate[codes < 0] = 1 / self.n_batches
        donors = None if self.donors is None else torch.from_numpy(self.donors[index]).to(device)
        return Batch(
            donors=donors,
            values=values,
            defined=defined,
            present=torch.from_numpy(present).to(device),
            covariate=torch.from_numpy(covariate).to(device),
        )

    def batches(
        self,
        cells: np.ndarray,
        *,
        size: int,
        device: torch.device,
        rng: np.random.Generator | None = None,
    ) -> Iterator[tuple[np.ndarray, Batch]]:
        """Yield batches of ``cells`` and the cells that each holds, see :meth:`order`."""
        order = self.order(cells, size=size, rng=rng)
        yield from zip(order, self.stream(order, device), strict=True)

    def order(
        self, cells: np.ndarray, *, size: int, rng: np.random.Generator | None = None
    ) -> list[np.ndarray]:
        """Cells of every batch of an epoch.

        Cells in memory are shuffled at once, cells in a file by blocks
        (:func:`~multiome2vec.data.sampling.index_windows`).

        Parameters
        ----------
        cells
            Sorted.
        size
            Cells per batch.
        rng
            For a shuffled order with batches of near-equal size; None for the order given.
        """
        if self.in_file:
            return [index for w in index_windows(cells, size=size, rng=rng) for index in w]
        return list(index_batches(cells, size=size, rng=rng))

    def stream(self, order: Sequence[np.ndarray], device: torch.device) -> Iterator[Batch]:
        """Yield one batch per item of ``order``.

        Cells in a file are read 16 batches at a time, ahead of time and each once.
        """
        if not self.in_file:
            for index in order:
                yield self.batch(index, device)
            return
        windows = [order[first : first + WINDOW] for first in range(0, len(order), WINDOW)]
        ahead = prefetch((self._window(np.concatenate(window)) for window in windows), depth=1)
        for window, part in zip(windows, ahead, strict=True):
            ends = np.cumsum([len(index) for index in window])
            for here in np.split(np.arange(ends[-1]), ends[:-1]):
                yield part.batch(here, device)

    @property
    def in_file(self) -> bool:
        """Whether any values are read from a file when they are needed."""
        return any(isinstance(m.store, BackedStore) for m in self.modalities.values())

    @property
    def shuffle(self) -> str:
        """How the cells of an epoch are shuffled, see :meth:`order`."""
        return "by blocks" if self.in_file else "of all cells"

    def metadata(self, index: np.ndarray, fields: list[str]) -> dict:
        """Metadata of some cells, see :func:`multiome2vec.data.metadata.metadata`."""
        return metadata(self.obs, index, fields)

    def _window(self, cells: np.ndarray) -> "CellData":
        """Those cells only, read into memory."""
        modalities = {name: part.window(cells) for name, part in self.modalities.items()}
        donors = None if self.donors is None else self.donors[cells]
        return CellData(modalities, self.batch_codes[cells], self.n_batches, donors=donors)
