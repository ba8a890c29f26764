"""AnnData files (zarr or h5ad) whose matrix is written block by block."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from multiome2vec.errors import UserError
from multiome2vec.io.atomic import atomic_path

CHUNK = 2**20  # entries of a chunk, about
ZARR, H5AD = ".zarr", ".h5ad"


def write_streamed(
    path: str | Path,
    blocks: Iterable[np.ndarray | sparse.csr_matrix],
    *,
    obs: pd.DataFrame,
    var: pd.DataFrame,
    uns: dict,
) -> None:
    """Write an AnnData without ever holding more of X than a block.

    Parameters
    ----------
    path
        Zarr folder (``.zarr``) or HDF5 file (``.h5ad``).
    blocks
        Rows of X in order: all dense (float32), or all CSR (of the values' type).
    obs, var, uns
        As in AnnData; ``obs`` has one row per row of X.

    Raises
    ------
    UserError
        If the path has another ending, or is a folder that is no zarr.
    """
    blocks = iter(blocks)
    first = next(blocks)
    kind = _SparseRows if sparse.issparse(first) else _DenseRows
    with _open(path) as root:
        from anndata.io import write_elem

        for name, value in {"obs": obs, "var": var, "uns": uns}.items():
            write_elem(root, name, value)
        for name in ("layers", "obsm", "obsp", "varm", "varp"):
            write_elem(root, name, {})
        root.attrs.update({"encoding-type": "anndata", "encoding-version": "0.1.0"})
        rows = kind(root, len(obs), len(var), first.dtype)
        rows.add(first)
        for block in blocks:
            rows.add(block)
        rows.finish()


@contextmanager
def _open(path: str | Path) -> Iterator:
    """Root of a new zarr or HDF5 file that takes its place when it is whole."""
    path = Path(path)
    if path.suffix not in (ZARR, H5AD):
        raise UserError(f"{path} must end in {ZARR} or {H5AD}.")
    if path.is_dir() and not any((path / name).exists() for name in (".zgroup", "zarr.json")):
        raise UserError(f"{path} is a folder, but no zarr: it is not overwritten.")
    with atomic_path(path) as partial:
        if path.suffix == H5AD:
            import h5py

            with h5py.File(partial, "w") as root:
                yield root
        else:
            import zarr

            yield zarr.open_group(str(partial), mode="w", zarr_format=2)
            if path.exists():
                shutil.rmtree(path)


def _new(group, name: str, shape: tuple[int, ...], chunks: tuple[int, ...], dtype):
    """Empty compressed array of a group, whose first axis can grow."""
    if hasattr(group, "create_array"):
        return group.create_array(name, shape=shape, chunks=chunks, dtype=dtype)
    return group.create_dataset(
        name,
        shape=shape,
        maxshape=(None, *shape[1:]),
        chunks=chunks,
        dtype=dtype,
        compression="gzip",
    )


class _DenseRows:
    """X as an array in chunks of rows."""

    def __init__(self, root, n_rows: int, n_columns: int, dtype: np.dtype) -> None:
        height = min(n_rows, max(1, CHUNK // max(n_columns, 1)))
        self.array = _new(root, "X", (n_rows, n_columns), (height, max(n_columns, 1)), dtype)
        self.array.attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})
        self.filled = 0

    def add(self, block: np.ndarray) -> None:
        """Write the next rows."""
        self.array[self.filled : self.filled + len(block)] = block
        self.filled += len(block)

    def finish(self) -> None:
        """Make sure that all rows are there."""
        assert self.filled == self.array.shape[0]


class _SparseRows:
    """X as CSR; entries are gathered until they fill whole chunks."""

    def __init__(self, root, n_rows: int, n_columns: int, dtype: np.dtype) -> None:
        self.group = root.create_group("X")
        self.group.attrs.update(
            {"encoding-type": "csr_matrix", "encoding-version": "0.1.0"}
            | {"shape": [n_rows, n_columns]}
        )
        self.n_rows = n_rows
        self.parts = {
            name: _new(self.group, name, (0,), (CHUNK,), kind)
            for name, kind in {"data": dtype, "indices": np.dtype(np.int32)}.items()
        }
        self.waiting: list[tuple[np.ndarray, np.ndarray]] = []
        self.lengths: list[np.ndarray] = []

    def add(self, block: sparse.csr_matrix) -> None:
        """Take the next rows."""
        self.lengths.append(np.diff(block.indptr))
        self.waiting.append((block.data, block.indices))
        if sum(len(data) for data, _ in self.waiting) >= CHUNK:
            self._flush(whole=True)

    def _flush(self, *, whole: bool) -> None:
        """Write what waits, or as much of it as fills chunks."""
        arrays = [np.concatenate(column) for column in zip(*self.waiting, strict=True)]
        n = len(arrays[0]) // CHUNK * CHUNK if whole else len(arrays[0])
        for part, array in zip(self.parts.values(), arrays, strict=True):
            start = part.shape[0]
            part.resize((start + n,))
            part[start : start + n] = array[:n]
        self.waiting = [(arrays[0][n:], arrays[1][n:])]

    def finish(self) -> None:
        """Write the rest, and where each row starts."""
        self._flush(whole=False)
        offsets = np.concatenate([[0], np.cumsum(np.concatenate(self.lengths), dtype=np.int64)])
        assert len(offsets) == self.n_rows + 1
        array = _new(self.group, "indptr", offsets.shape, (min(len(offsets), CHUNK),), np.int64)
        array[:] = offsets
