"""One modality of an h5ad or h5mu file: its names, and the matrix that holds the counts."""

import logging
from typing import TYPE_CHECKING

import h5py
import numpy as np

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.compressed import read_matrix
from multiome2vec.io.counts import no_counts
from multiome2vec.io.features import SPELLINGS

if TYPE_CHECKING:
    from anndata import AnnData

logger = logging.getLogger(__name__)

X, RAW = "X", ".raw"
#: layers in which counts are commonly kept, besides X
COUNT_LAYERS = ("counts", "count", "raw", "raw_counts", "raw_count", "umi", "umis", "umi_counts")
LOOKED_AT = 1 << 20  # entries of a matrix by which it is told whether it holds counts


def read_anndata(
    path: str, *, modality: str, layer: str, counts: bool, entries: int | None
) -> "AnnData":
    """Read names and one matrix of a file; everything else stays on disk.

    Parameters
    ----------
    path
        h5ad, or h5mu with this modality.
    modality
        ``rna`` or ``atac``.
    layer
        Name of a layer, ``X`` or ``.raw``. Empty: X, or, if `counts` are wanted and X holds none,
        the one of :data:`COUNT_LAYERS` and ``.raw`` that does.
    counts
        Whether counts are wanted.
    entries
        Stored entries read at most; None for all.

    Raises
    ------
    UserError
        If the file is of another kind, or what is wanted is not there or not clear.
    """
    import anndata as ad
    from anndata.io import read_elem

    with h5py.File(path) as file:
        root = _root(file, path, modality)
        if not layer:
            layer = _find(root, path) if counts else X
        var = read_elem(root["raw/var"] if layer == RAW else root["var"])
        matrix = read_matrix(_element(root, layer, path), path=path, entries=entries)
        obs, uns = read_elem(root["obs"]), {}
        if keys.COUNTING in root.get("uns", {}):
            uns[keys.COUNTING] = read_elem(root["uns"][keys.COUNTING])
    if matrix.shape != (len(obs), len(var)):
        raise UserError(
            f"{path}: {layer} is {matrix.shape[0]} × {matrix.shape[1]}, but there are {len(obs)} "
            f"barcodes and {len(var)} features.",
            remedy="The file is damaged: write it again.",
        )
    return ad.AnnData(matrix, obs=obs, var=var, uns=uns)


def _root(file: h5py.File, path: str, modality: str) -> h5py.Group:
    """Group with the modality's obs, var and X."""
    if {"obs", "var"} <= set(file) and "mod" not in file:
        return file
    if "mod" in file:
        for name in file["mod"]:
            if name.lower() in SPELLINGS[modality]:
                return file["mod"][name]
        there = ", ".join(file["mod"])
        raise UserError(f"{path} has no modality '{modality}' (modalities: {there}).")
    if "matrix" in file:
        raise UserError(
            f"{path} is an HDF5 file of Cell Ranger, not h5ad.",
            remedy="Set its kind to 10x_h5 in the sample sheet.",
        )
    raise UserError(
        f"{path} is HDF5, but not h5ad: it holds {', '.join(file) or 'nothing'}.",
        remedy="Convert it, for example with anndata.io.read_loom or zellkonverter, to h5ad.",
    )


def _element(root: h5py.Group, layer: str, path: str):
    """Matrix of a layer."""
    place = {X: X, RAW: "raw/X"}.get(layer, f"layers/{layer}")
    if place in root:
        return root[place]
    there = ", ".join(root.get("layers", [])) or "none"
    if layer == X:
        raise UserError(
            f"{path} has no X.",
            remedy=f"Name a layer in the sample sheet (layers: {there}).",
        )
    hint = "In the sample sheet, .raw stands for adata.raw." if "raw/X" in root else ""
    raise UserError(f"{path} has no layer '{layer}' (layers: {there}).", remedy=hint)


def _find(root: h5py.Group, path: str) -> str:
    """Where the counts are: X, or the one other place that has some."""
    if X in root and _holds_counts(root[X], path):
        return X
    layers = list(root.get("layers", []))
    found = [name for name in layers if name.lower() in COUNT_LAYERS]
    found += [RAW] if "raw/X" in root else []
    found = [name for name in found if _holds_counts(_element(root, name, path), path)]
    if len(found) > 1 and not _same(*(_element(root, name, path) for name in found)):
        raise UserError(
            f"{path}: X holds no counts, and several layers do: {', '.join(found)}.",
            remedy="Name the one to use in the sample sheet's column rna_layer (or atac_layer).",
        )
    if found:
        logger.warning(
            "%s: X holds no counts; they are taken from %s.",
            path, "adata.raw" if found[0] == RAW else f"the layer '{found[0]}'",
        )  # fmt: skip
        return found[0]
    others = [name for name in layers if _holds_counts(_element(root, name, path), path)]
    if others:
        raise UserError(
            f"{path}: X holds no counts, but these layers hold whole numbers: {', '.join(others)}.",
            remedy="If one is of counts, name it in the sample sheet's rna_layer (or atac_layer).",
        )
    return X


def _holds_counts(element, path: str) -> bool:
    values = _values(read_matrix(element, path=path, entries=LOOKED_AT))
    return len(values) > 0 and not no_counts(values).any()


def _same(*elements) -> bool:
    """Whether matrices have the same shape and first entries."""
    first, *others = [read_matrix(e, path="", entries=LOOKED_AT) for e in elements]
    return all(
        other.shape == first.shape and np.array_equal(_values(other), _values(first))
        for other in others
    )


def _values(matrix) -> np.ndarray:
    """Entries that are not zero."""
    values = matrix.data if hasattr(matrix, "tocsr") else matrix.ravel()
    return values[values != 0]
