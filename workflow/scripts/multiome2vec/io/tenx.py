"""Readers of what Cell Ranger ARC delivers and of h5ad files: one modality as AnnData."""

import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from scipy import sparse

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.anndata_file import read_anndata
from multiome2vec.io.compressed import compressed
from multiome2vec.io.features import take_modality
from multiome2vec.io.files import SHEET, require_file
from multiome2vec.io.matrix_folder import read_folder
from multiome2vec.io.orientation import upright
from multiome2vec.io.text_counts import read_text_table

if TYPE_CHECKING:
    from anndata import AnnData

FOLDERS = ("10x_mtx", "mtx")
NORMALIZED = "normalized"


def read_modality(
    path: str, *, kind: str, modality: str, layer: str = "", entries: int | None = None
) -> "AnnData":
    """Read one modality of a sample as delivered.

    Parameters
    ----------
    path
        HDF5 of Cell Ranger (``10x_h5``), matrix folder (``10x_mtx``, ``mtx``), text of features ×
        barcodes (``table``) or AnnData file (``h5ad``, ``normalized``).
    kind
        See the sample sheet.
    modality
        ``rna`` or ``atac``: which features to take where a file holds both.
    layer
        Layer of an AnnData file that holds the values; empty for X, or where counts are found.
    entries
        Stored entries read at most, the others count as zero: for a quick look (of text, all are
        read). None for all.

    Raises
    ------
    UserError
        If the file is missing, damaged or of another kind, or has no such features or layer.
    """
    _require(path, kind)
    try:
        if kind == "10x_h5":
            adata = _read_h5(path, entries)
        elif kind in FOLDERS:
            adata = read_folder(path, entries=entries)
        elif kind == "table":
            adata = read_text_table(path)
        else:
            adata = read_anndata(
                path, modality=modality, layer=layer, counts=kind != NORMALIZED, entries=entries
            )
    except (OSError, KeyError, EOFError, ValueError, zlib.error) as error:
        raise UserError(
            f"{path} cannot be read as {kind} ({error}).",
            remedy="Is it whole (compare its size with the source's), and is the kind in the "
            "sample sheet right?",
        ) from None
    adata = take_modality(upright(adata, path=path), modality=modality, path=path)
    if 0 in adata.shape:
        raise UserError(
            f"{path} holds {adata.n_obs} barcodes and {adata.n_vars} features: nothing to work on.",
            remedy="Is it the right file?",
        )
    return adata


def _require(path: str, kind: str) -> None:
    """Check that a path is a file, or a folder where one is wanted."""
    if kind in FOLDERS and Path(path).is_dir():
        return
    if Path(path).is_dir():
        raise UserError(
            f"{path} is a folder, but its kind is {kind}.",
            remedy=f"Name the file inside it in {SHEET}, or set the kind to 10x_mtx (ATAC: mtx).",
        )
    require_file(path)


def _read_h5(path: str, entries: int | None) -> "AnnData":
    """Read a matrix of Cell Ranger, version 2 (one group per genome) or later."""
    import anndata as ad
    import h5py

    with h5py.File(path) as file:
        if {"obs", "var"} <= set(file):
            raise UserError(f"{path} is an h5ad file.", remedy=f"Set its kind to h5ad in {SHEET}.")
        groups = [name for name in file if {"barcodes", "indptr"} <= set(file[name])]
        if len(groups) != 1:
            raise UserError(
                f"{path} has {len(groups)} matrices ({', '.join(file) or 'it is empty'}).",
                remedy="Give the filtered_feature_bc_matrix.h5 of one sample and one genome.",
            )
        group = file[groups[0]]
        parts = compressed(group, path=path, entries=entries)
        barcodes = _text(group["barcodes"])
        var = _features(group)
        shape = (len(barcodes), len(var))
        if tuple(group["shape"][()]) != shape[::-1]:
            raise UserError(
                f"{path} is damaged: its matrix is {' × '.join(map(str, group['shape'][()]))}, but "
                f"it names {len(var)} features and {len(barcodes)} barcodes.",
                remedy="Fetch it again.",
            )
    matrix = sparse.csr_matrix(parts, shape=shape)
    return ad.AnnData(matrix, obs=pd.DataFrame(index=barcodes), var=var)


def _features(group) -> pd.DataFrame:
    """Names, ids and, since version 3, types and genomes."""
    if "features" not in group:
        ids, names = (_text(group[name]) for name in ("genes", "gene_names"))
        return pd.DataFrame({keys.GENE_ID: ids}, index=names)
    features = group["features"]
    var = pd.DataFrame({keys.GENE_ID: _text(features["id"])}, index=_text(features["name"]))
    var[keys.FEATURE_TYPES] = _text(features["feature_type"])
    if "genome" in features:
        var[keys.GENOME] = _text(features["genome"])
    return var


def _text(dataset) -> list[str]:
    return dataset.asstr()[()].tolist()
