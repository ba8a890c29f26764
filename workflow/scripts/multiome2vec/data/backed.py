"""Sparse matrices left in their file (HDF5 or zarr) and read in long runs."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from multiome2vec.data import csr
from multiome2vec.data.csr import Csr
from multiome2vec.data.stores import MemoryStore
from multiome2vec.nn.sparse_rows import SparseRows

GAP = 2**16  # entries between two wanted rows that are read along rather than skipped
RUN = 2**20  # entries of one read, about


def open_root(path: str | Path):
    """Open an HDF5 file or a zarr folder for reading."""
    if Path(path).is_dir():
        import zarr

        return zarr.open_group(str(path), mode="r")
    import h5py

    return h5py.File(path, "r")


class BackedStore:
    """A CSR matrix in a file.

    Rows are read sorted and in runs, several at once where they lie close together. Only the
    offsets of the rows are kept. The file is opened when first read, anew in every process, so
    that a store can be pickled and survives a fork.

    Parameters
    ----------
    path
        HDF5 file or zarr folder.
    group
        Of the matrix in it, such as ``layers/counts``.
    """

    def __init__(self, path: str | Path, group: str) -> None:
        self.path, self.group = str(path), group
        matrix = open_root(path)[group]
        self._indptr = np.asarray(matrix["indptr"][:], np.int64)
        n_rows, self._n_stored = (int(size) for size in matrix.attrs["shape"])
        self.shape = (n_rows, self._n_stored)
        self._lookup: np.ndarray | None = None
        self._halved = False
        self._opened: tuple[int, object] | None = None

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_opened": None}

    def rows(self, index: np.ndarray, device: torch.device) -> SparseRows:
        """See :class:`~multiome2vec.data.stores.Store`."""
        there = index >= 0
        found = self.csr(index[there])
        return csr.as_sparse_rows(found, there=there, n_columns=self.shape[1], device=device)

    def identity(self) -> Iterator[Path | bytes | np.ndarray]:
        """Yield what tells its values from others: the file in place of what it holds."""
        yield Path(self.path)
        yield f"{self.group} {self._halved}".encode()
        if self._lookup is not None:
            yield self._lookup

    def csr(self, index: np.ndarray) -> Csr:
        """Rows by number, in any order."""
        rows, places = np.unique(index, return_inverse=True)
        found = self._read_sorted(rows)
        return found if np.array_equal(rows, index) else csr.gather(found, places)

    def window(self, index: np.ndarray) -> tuple[MemoryStore, np.ndarray]:
        """Read rows by number into memory; return them and where each row asked for is in them."""
        rows, places = np.unique(index, return_inverse=True)
        return MemoryStore(self._read_sorted(rows), n_columns=self.shape[1]), places

    def select(self, columns: np.ndarray) -> "BackedStore":
        """Return a store of some features only; nothing is read."""
        stored = columns
        if self._lookup is not None:
            stored = np.argsort(self._lookup, kind="stable")[-self.shape[1] :][columns]
        chosen = self._copy()
        chosen.shape = (self.shape[0], len(columns))
        chosen._lookup = csr.lookup_table(stored, n_columns=self._n_stored)
        return chosen

    def halved(self) -> "BackedStore":
        """Half of every value, rounded up."""
        chosen = self._copy()
        chosen._halved = True
        return chosen

    def _copy(self) -> "BackedStore":
        other = BackedStore.__new__(BackedStore)
        other.__dict__.update(self.__getstate__())
        return other

    def _read_sorted(self, rows: np.ndarray) -> Csr:
        runs = self._runs(rows)
        if len(runs) == 1:
            return self._read(rows)
        stored = int((self._indptr[rows + 1] - self._indptr[rows]).sum())
        return csr.join(map(self._read, runs), expected=stored)

    def _runs(self, rows: np.ndarray) -> list[np.ndarray]:
        """Split sorted row numbers into those that are read at once."""
        starts, ends = self._indptr[rows], self._indptr[rows + 1]
        far = (starts[1:] - ends[:-1] > GAP) | (starts[1:] // RUN != starts[:-1] // RUN)
        return np.split(rows, np.flatnonzero(far) + 1)

    def _read(self, rows: np.ndarray) -> Csr:
        """Read sorted rows and what lies between them; keep the rows and the chosen columns."""
        if not len(rows):
            return Csr(np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.uint8))
        first, stop = int(rows[0]), int(rows[-1]) + 1
        offsets = self._indptr[first : stop + 1]
        matrix = self._matrix()
        indices, values = (
            np.asarray(matrix[part][offsets[0] : offsets[-1]]) for part in ("indices", "data")
        )
        wanted = np.zeros(stop - first, bool)
        wanted[rows - first] = True
        run = Csr(offsets - offsets[0], indices, values)
        found = csr.pick(run, lookup=self._lookup, wanted=wanted)
        if self._halved:
            found = found._replace(values=found.values - found.values // 2)
        return found

    def _matrix(self):
        """Group of the matrix, opened in this process."""
        if self._opened is None or self._opened[0] != os.getpid():
            self._opened = (os.getpid(), open_root(self.path)[self.group])
        return self._opened[1]
