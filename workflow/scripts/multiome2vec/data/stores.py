"""Where the values of a modality are kept: in memory, on the GPU, or dense by nature.

:class:`~multiome2vec.data.backed.BackedStore` leaves them in the file. All stores give the same
rows for the same index, and hold nothing of the size cells × features unless the values are dense
by nature.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from multiome2vec.data import csr
from multiome2vec.data.csr import Csr
from multiome2vec.data.device import CPU
from multiome2vec.errors import UserError
from multiome2vec.nn.sparse_rows import SparseRows

if TYPE_CHECKING:
    from multiome2vec.data.backed import BackedStore

BACKENDS = ("auto", "memory", "backed", "gpu")
MEMORY_BUDGET = 4 * 2**30  # bytes of matrices kept in memory unless told otherwise
GPU_SHARE = 0.3  # of the free memory of the GPU that matrices may take


class Store(Protocol):
    """Rows × features of one modality."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and features."""

    def rows(self, index: np.ndarray, device: torch.device) -> Tensor | SparseRows:
        """Values [B, F] (float32) of rows by number; row -1 is an empty one."""


class MemoryStore:
    """A sparse matrix in memory: 4 bytes and the smallest of 1, 2 or 4 per entry.

    Parameters
    ----------
    rows
        All of its rows.
    n_columns
        Number of features.
    """

    def __init__(self, rows: Csr, *, n_columns: int) -> None:
        self.arrays = rows
        self.shape = (len(rows.indptr) - 1, n_columns)
        self._matrix = None
        if len(rows.indices) <= csr.SCIPY_LIMIT:
            offsets = rows.indptr.astype(np.int32)
            self._matrix = sparse.csr_matrix((rows.values, rows.indices, offsets), self.shape)

    @classmethod
    def from_matrix(cls, matrix: sparse.spmatrix | np.ndarray) -> "MemoryStore":
        """Copy a matrix of any form into compact arrays."""
        matrix = sparse.csr_matrix(matrix)
        whole = Csr(matrix.indptr.astype(np.int64), matrix.indices, matrix.data)
        blocks = _row_blocks(matrix.shape[0])
        parts = (csr.pick(csr.gather(whole, block)) for block in blocks)
        return cls(csr.join(parts), n_columns=matrix.shape[1])

    @classmethod
    def load(cls, store: "MemoryStore | BackedStore") -> "MemoryStore":
        """Take all rows of another sparse store, some at a time."""
        parts = (store.csr(block) for block in _row_blocks(store.shape[0]))
        return cls(csr.join(parts), n_columns=store.shape[1])

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return sum(array.nbytes for array in self.arrays)

    def identity(self) -> Iterator[np.ndarray]:
        """Yield what tells its values from others."""
        yield from self.arrays

    def csr(self, index: np.ndarray) -> Csr:
        """Rows by number, as they are kept."""
        if self._matrix is None:
            return csr.gather(self.arrays, index)
        found = self._matrix[index]
        return Csr(found.indptr.astype(np.int64), found.indices, found.data)

    def rows(self, index: np.ndarray, device: torch.device) -> SparseRows:
        """See :class:`Store`."""
        there = index >= 0
        found = self.csr(index[there])
        return csr.as_sparse_rows(found, there=there, n_columns=self.shape[1], device=device)

    def select(self, columns: np.ndarray) -> "MemoryStore":
        """Return a store of some features only."""
        if np.array_equal(columns, np.arange(self.shape[1])):
            return self
        lookup = csr.lookup_table(columns, n_columns=self.shape[1])
        blocks = _row_blocks(self.shape[0])
        parts = (csr.pick(self.csr(block), lookup=lookup) for block in blocks)
        return MemoryStore(csr.join(parts), n_columns=len(columns))

    def halved(self) -> "MemoryStore":
        """Half of every value, rounded up."""
        values = self.arrays.values
        return MemoryStore(
            self.arrays._replace(values=values - values // 2), n_columns=self.shape[1]
        )


class DeviceStore:
    """A whole sparse matrix on the GPU: no transfer per batch but the row numbers.

    Parameters
    ----------
    store
        The matrix in memory.
    device
        Where to put it.
    """

    def __init__(self, store: MemoryStore, device: torch.device) -> None:
        self.shape = store.shape
        self.device = device
        self._host_indptr = store.arrays.indptr  # sizes of batches without asking the device
        values = store.arrays.values
        values = values.astype(np.int32) if values.dtype == np.uint16 else values
        self._indptr = torch.from_numpy(store.arrays.indptr).to(device)
        self._indices = torch.from_numpy(store.arrays.indices).to(device)
        self._values = torch.from_numpy(values).to(device)

    def rows(self, index: np.ndarray, device: torch.device) -> SparseRows:
        """See :class:`Store`; the entries are found by arithmetic on the device."""
        there, known = index >= 0, np.maximum(index, 0)
        lengths = np.where(there, self._host_indptr[known + 1] - self._host_indptr[known], 0)
        total = int(lengths.sum())
        host = torch.from_numpy(np.stack([known, lengths])).to(self.device)
        starts, lengths = self._indptr[host[0]], host[1]
        offsets = torch.cat([lengths.new_zeros(1), lengths.cumsum(0)])
        shift = torch.repeat_interleave(starts - offsets[:-1], lengths, output_size=total)
        where = shift + torch.arange(total, device=self.device)
        rows = SparseRows.from_csr(
            offsets,
            self._indices[where].long(),
            self._values[where].float(),
            n_columns=self.shape[1],
        )
        return rows.to(device)


class DenseStore:
    """Values that are dense by nature, such as motif scores.

    Parameters
    ----------
    values
        Rows × features.
    defined
        Rows × features, 1 where a value is defined; None if all are.
    device
        Where to keep them.
    """

    def __init__(
        self, values: np.ndarray, defined: np.ndarray | None = None, *, device: torch.device = CPU
    ) -> None:
        self.shape = values.shape
        self.device = device
        self._values = torch.as_tensor(np.ascontiguousarray(values, np.float32)).to(device)
        self._defined = None
        if defined is not None:
            self._defined = torch.as_tensor(np.ascontiguousarray(defined, np.uint8)).to(device)

    def rows(self, index: np.ndarray, device: torch.device) -> Tensor:
        """See :class:`Store`."""
        return self._take(self._values, index, device)

    def defined(self, index: np.ndarray, device: torch.device) -> Tensor | None:
        """Where values [B, F] are defined (float32, 1 or 0); None if all are."""
        return None if self._defined is None else self._take(self._defined, index, device)

    def identity(self) -> Iterator[np.ndarray]:
        """Yield what tells its values from others."""
        for part in (self._values, self._defined):
            if part is not None:
                yield part.cpu().numpy().ravel()

    def select(self, columns: np.ndarray) -> "DenseStore":
        """Return a store of some features only."""
        return self._with(lambda part: part[:, columns], self.device)

    def to(self, device: torch.device) -> "DenseStore":
        """Return the same on another device."""
        return self._with(lambda part: part, device)

    def _with(self, change, device: torch.device) -> "DenseStore":
        parts = (self._values, self._defined)
        changed = (None if part is None else change(part.cpu().numpy()) for part in parts)
        return DenseStore(*changed, device=device)

    def _take(self, part: Tensor, index: np.ndarray, device: torch.device) -> Tensor:
        there = torch.from_numpy(index >= 0).to(self.device).unsqueeze(1)
        rows = part[torch.from_numpy(np.maximum(index, 0)).to(self.device)]
        return (rows * there).float().to(device)


def choose_backend(
    nbytes: float,
    *,
    backend: str = "auto",
    budget: float | None = None,
    gpu_free: int | None = None,
) -> str:
    """Say where to keep sparse matrices.

    Parameters
    ----------
    nbytes
        Size of all of them together, compact.
    backend
        ``memory``, ``backed`` or ``gpu`` to decide; ``auto`` for the GPU if they take little of
        it, else memory if they fit into the budget, else the file.
    budget
        Bytes of memory that they may take; 4 GiB by default.
    gpu_free
        Free bytes of the GPU that is used, 0 without one; found out by default.

    Raises
    ------
    UserError
        If ``backend`` is unknown, or ``gpu`` without a GPU.
    """
    if backend not in BACKENDS:
        raise UserError(f"backend '{backend}' is unknown. Known: {', '.join(BACKENDS)}.")
    gpu_free = _gpu_free() if gpu_free is None else gpu_free
    if backend == "gpu" and not gpu_free:
        raise UserError(
            "backend is 'gpu', but torch finds no GPU here, or device is 'cpu'. Use auto or memory."
        )
    if backend != "auto":
        return backend
    if nbytes <= GPU_SHARE * gpu_free:
        return "gpu"
    return "memory" if nbytes <= (MEMORY_BUDGET if budget is None else budget) else "backed"


def _gpu_free() -> int:
    return torch.cuda.mem_get_info()[0] if torch.cuda.is_available() else 0


def _row_blocks(n_rows: int) -> list[np.ndarray]:
    """Numbers of all rows, some at a time."""
    return np.split(np.arange(n_rows), range(csr.ROWS_AT_A_TIME, n_rows, csr.ROWS_AT_A_TIME))
