"""Matrices in HDF5, whole or only their first entries."""

import h5py
import numpy as np
from scipy import sparse

from multiome2vec.errors import UserError

FORMATS = {"csr_matrix": sparse.csr_matrix, "csc_matrix": sparse.csc_matrix}


def read_matrix(element: h5py.Group | h5py.Dataset, *, path: str, entries: int | None):
    """Read X or a layer of an AnnData file.

    Parameters
    ----------
    element
        Sparse (group) or dense (dataset).
    path
        For messages.
    entries
        Stored entries read at most, the others count as zero; None for all.

    Returns
    -------
    scipy.sparse matrix or numpy.ndarray
        In the form of the file; CSR where dense values are cut.
    """
    if isinstance(element, h5py.Dataset):
        rows = len(element)
        if entries is None or element.size <= entries:
            return element[()]
        some = element[: max(1, entries // max(1, element.shape[1]))]
        return _pad(sparse.csr_matrix(some), rows)
    kind = str(element.attrs.get("encoding-type", element.attrs.get("h5sparse_format", "csr")))
    shape = element.attrs.get("shape", element.attrs.get("h5sparse_shape"))
    kind = kind if kind in FORMATS else f"{kind}_matrix"
    if shape is None or kind not in FORMATS:
        raise UserError(f"{path}: {element.name} is no matrix of AnnData.")
    return FORMATS[kind](compressed(element, path=path, entries=entries), shape=tuple(shape))


def compressed(group: h5py.Group, *, path: str, entries: int | None) -> tuple:
    """Read data, indices and offsets of a compressed matrix, the first entries or all.

    Raises
    ------
    UserError
        If the arrays do not fit each other: the file is damaged.
    """
    offsets = group["indptr"][()].astype(np.int64)
    n = len(group["data"])
    if len(group["indices"]) != n or offsets[-1] != n or (np.diff(offsets) < 0).any():
        raise UserError(
            f"{path} is damaged: {group.name} has {n} values, {len(group['indices'])} indices and "
            f"offsets up to {offsets[-1]}.",
            remedy="Fetch it again.",
        )
    end = n if entries is None else min(n, entries)
    return group["data"][:end], group["indices"][:end], np.minimum(offsets, end)


def _pad(matrix: sparse.csr_matrix, rows: int) -> sparse.csr_matrix:
    """Add empty rows."""
    empty = np.full(rows - matrix.shape[0], matrix.indptr[-1])
    offsets = np.concatenate([matrix.indptr, empty])
    return sparse.csr_matrix((matrix.data, matrix.indices, offsets), shape=(rows, matrix.shape[1]))
