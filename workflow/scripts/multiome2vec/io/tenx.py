"""Readers of what Cell Ranger ARC delivers and of h5ad files: one modality as AnnData."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.text_counts import read_features, read_names, read_text_table

if TYPE_CHECKING:
    from anndata import AnnData

#: spellings of var["feature_types"] by modality
FEATURE_TYPES = {
    keys.RNA: ("Gene Expression", "GEX", "gene"),
    keys.ATAC: ("Peaks", "ATAC", "peak"),
}


def read_modality(path: str, *, kind: str, modality: str, layer: str = "") -> "AnnData":
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
        Layer of an AnnData file that holds the values; empty for X.

    Raises
    ------
    UserError
        If the file is missing or of another kind, or has no such features or layer.
    """
    if not Path(path).exists():
        raise UserError(f"{path} does not exist. Correct the path in the sample sheet.")
    readers = {
        "10x_h5": _read_h5,
        "10x_mtx": _read_mtx,
        "mtx": _read_mtx,
        "table": read_text_table,
    }
    try:
        adata = readers[kind](path) if kind in readers else _read_h5ad(path, layer)
    except (OSError, KeyError, EOFError) as error:
        raise UserError(
            f"{path} cannot be read as {kind} ({error}). Is it whole, and is the kind in the "
            "sample sheet right?"
        ) from None
    return _take(adata, modality, path)


def _read_h5(path: str) -> "AnnData":
    import scanpy as sc

    return sc.read_10x_h5(path, gex_only=False)


def _read_mtx(path: str) -> "AnnData":
    """Read a folder of matrix.mtx, features.tsv (or genes.tsv, or peaks.bed) and barcodes.tsv.

    features.csv and barcodes.csv are tables with a header, as the authors of sci-CAR have them.
    """
    import anndata as ad
    from scipy.io import mmread

    matrix = mmread(_one_of(path, "matrix.mtx")).T.tocsr()
    barcodes = read_names(_one_of(path, "barcodes.tsv", "barcodes.csv"))
    features = read_features(
        _one_of(path, "features.tsv", "genes.tsv", "peaks.bed", "features.csv")
    )
    if matrix.shape != (len(barcodes), len(features)):
        raise UserError(
            f"{path}: matrix.mtx has {matrix.shape[1]} × {matrix.shape[0]} entries, but there are "
            f"{len(features)} features and {len(barcodes)} barcodes. Is the folder whole?"
        )
    return ad.AnnData(matrix, obs=pd.DataFrame(index=barcodes.to_numpy()), var=features)


def _one_of(folder: str, *names: str) -> Path:
    """Return the first file of these names, plain or gzip."""
    for name in names:
        for path in (Path(folder, name), Path(folder, f"{name}.gz")):
            if path.is_file():
                return path
    raise UserError(f"{folder} has no {names[0]} (or {names[0]}.gz).")


def _read_h5ad(path: str, layer: str) -> "AnnData":
    import anndata as ad

    adata = ad.read_h5ad(path)
    if layer and layer != "X":
        if layer not in adata.layers:
            there = ", ".join(adata.layers) or "none"
            raise UserError(f"{path} has no layer '{layer}' (layers: {there}).")
        adata.X = adata.layers[layer]
    if adata.X is None:
        there = ", ".join(adata.layers) or "none"
        raise UserError(f"{path} has no X: name a layer in the sample sheet (layers: {there}).")
    return ad.AnnData(adata.X, obs=adata.obs, var=adata.var, uns=_declared(adata.uns))


def _declared(uns) -> dict:
    """Keep what a file says of itself: the unit of its counts."""
    return {keys.COUNTING: uns[keys.COUNTING]} if keys.COUNTING in uns else {}


def _take(adata: "AnnData", modality: str, path: str) -> "AnnData":
    """Features of one modality, where the file says which are which."""
    if keys.FEATURE_TYPES not in adata.var:
        return adata
    types = adata.var[keys.FEATURE_TYPES].astype(str)
    mine = types.isin(FEATURE_TYPES[modality]).to_numpy()
    if not mine.any():
        raise UserError(
            f"{path} has no features of type {FEATURE_TYPES[modality][0]}; its types are "
            f"{', '.join(sorted(set(types)))}."
        )
    return adata if mine.all() else adata[:, np.flatnonzero(mine)].copy()
