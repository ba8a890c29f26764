"""How much delivered files hold, told by their heads, or by their bytes where they have none."""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np

from multiome2vec import keys
from multiome2vec.io.anndata_file import X
from multiome2vec.io.features import SPELLINGS

MATRICES = ("layers/counts", X, "raw/X")  # of an h5ad, the first that is there
#: assumed where a file does not say it, or is not there yet
ENTRIES_PER_CELL = {keys.RNA: 2_000, keys.ATAC: 6_000}
FEATURES = {keys.RNA: 30_000, keys.ATAC: 150_000}
TEXT_BYTES, HDF5_BYTES = 4, 2  # of a stored entry: of compressed text, of HDF5
FRAGMENT_BYTES = 10  # of a fragment in bgzip (9 to 10.4)
LOOKED_AT = 1 << 20  # entries of a 10x matrix by which the modalities' shares are told


class Counts(NamedTuple):
    """Size of a matrix of counts."""

    cells: float
    features: float
    entries: float  # stored ones: not 0, where the matrix is sparse

    @property
    def known(self) -> bool:
        """Whether there is anything."""
        return self.entries > 0


NOTHING = Counts(0, 0, 0)


def bytes_of(path: str | Path, expected: Mapping[str, int | None] | None = None) -> int:
    """Bytes of a file, or of the files in a folder.

    Parameters
    ----------
    path
        It need not be there.
    expected
        Bytes by path of files that will be downloaded.
    """
    path = Path(path)
    if path.is_dir():
        return sum(file.stat().st_size for file in path.iterdir() if file.is_file())
    if path.is_file():
        return path.stat().st_size
    inside = f"{path}/"
    return sum(
        size or 0
        for name, size in (expected or {}).items()
        if name == str(path) or name.startswith(inside)
    )


def count_matrix(
    path: str, modality: str, expected: Mapping[str, int | None] | None = None
) -> Counts:
    """Size of one modality of a delivered matrix.

    Parameters
    ----------
    path
        10x HDF5, h5ad, h5mu, text, or a folder of text; it need not be there.
    modality
        ``rna`` or ``atac``.
    expected
        Bytes by path of files that will be downloaded.

    Returns
    -------
    Counts
        Exact where HDF5 states it, else guessed from the bytes.
    """
    if not path:
        return NOTHING
    if Path(path).is_file() and h5py.is_hdf5(path):
        stat = Path(path).stat()
        found = _in_hdf5(path, modality, (stat.st_mtime_ns, stat.st_size))
        if found.known:
            return found
    each = HDF5_BYTES if re.search(r"\.(h5|h5ad|h5mu|hdf5)$", path) else TEXT_BYTES
    entries = bytes_of(path, expected) / each
    return Counts(
        entries / ENTRIES_PER_CELL[modality], FEATURES[modality] if entries else 0, entries
    )


def count_fragments(path: str, expected: Mapping[str, int | None] | None = None) -> float:
    """Fragments of a file, by its bytes."""
    return bytes_of(path, expected) / FRAGMENT_BYTES if path else 0


@lru_cache(maxsize=4096)
def _in_hdf5(path: str, modality: str, stamp: tuple[int, int]) -> Counts:
    """Size that a file states; ``stamp`` tells a changed file from the one seen before."""
    try:
        with h5py.File(path) as file:
            return _tenx(file, modality) if "matrix/data" in file else _anndata(file, modality)
    except (OSError, KeyError):  # damaged, or of another kind: the preflight says so
        return NOTHING


def _anndata(file: h5py.File, modality: str) -> Counts:
    root = file.get(f"mod/{modality}", file)
    matrix = next((root[name] for name in MATRICES if name in root), None)
    if matrix is None:
        return NOTHING
    if isinstance(matrix, h5py.Dataset):
        return Counts(*matrix.shape, matrix.size)
    shape = matrix.attrs["shape" if "shape" in matrix.attrs else "h5sparse_shape"]
    return Counts(int(shape[0]), int(shape[1]), matrix["data"].size)


def _tenx(file: h5py.File, modality: str) -> Counts:
    """Size of one modality of a 10x matrix, whose entries are of all modalities together."""
    matrix = file["matrix"]
    n_features, n_cells = map(int, matrix["shape"][:])
    entries = matrix["data"].size
    if "features/feature_type" not in matrix:
        return Counts(n_cells, n_features, entries)
    kinds = matrix["features/feature_type"][:]
    names = {kind: re.sub("[^a-z]", "", kind.decode().lower()) for kind in np.unique(kinds)}
    mine = np.isin(kinds, [kind for kind, name in names.items() if name in SPELLINGS[modality]])
    looked_at = matrix["indices"][:LOOKED_AT]
    share = mine[looked_at].mean() if looked_at.size else 0
    return Counts(n_cells, int(mine.sum()), entries * share)
