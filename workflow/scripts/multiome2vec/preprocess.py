"""Cells of one file, ready for the models without the workflow: light QC, log expression."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.annotate import normalise
from multiome2vec.errors import UserError
from multiome2vec.io.counts import make_unique_names, require_counts, require_unique_barcodes
from multiome2vec.io.features import name_genes
from multiome2vec.io.files import require_file
from multiome2vec.io.region_names import parse_region_names
from multiome2vec.io.tenx import read_modality
from multiome2vec.matrices import assemble
from multiome2vec.qc.limits import outside
from multiome2vec.qc.mitochondrial import mitochondrial_genes
from multiome2vec.qc.rna import rna_limits, rna_metrics

if TYPE_CHECKING:
    from anndata import AnnData
    from mudata import MuData

logger = logging.getLogger(__name__)
NOT_COUNTS = "Give the raw counts: X, a layer called counts, or .raw."
N_REGIONS = "n_open_regions"  # column of obs


def kind_of(path: str | Path) -> str:
    """Say how a file is read: ``10x_mtx`` of a folder, ``10x_h5`` or ``h5ad`` of HDF5."""
    if Path(path).is_dir():
        return "10x_mtx"
    require_file(path, named_in="the command")
    if not h5py.is_hdf5(path):
        raise UserError(
            f"{path} is no HDF5.",
            remedy="Give a filtered_feature_bc_matrix.h5 or its folder, an h5ad or an h5mu.",
        )
    with h5py.File(path) as file:
        return "h5ad" if "obs" in file else "10x_h5"


def read_raw(path: str | Path, *, modality: str, counting: str = "") -> "AnnData":
    """Read the counts of one modality.

    Parameters
    ----------
    path
        HDF5 of Cell Ranger or its matrix folder, h5ad, or h5mu.
    modality
        ``rna`` or ``atac``.
    counting
        Unit of ATAC counts where the file states none; Cell Ranger's are insertions.

    Raises
    ------
    UserError
        If the file has no such features, their values are no counts, or their unit is not stated.
    """
    path, kind = str(path), kind_of(path)
    adata = read_modality(path, kind=kind, modality=modality)
    require_unique_barcodes(adata.obs_names, path=path)
    require_counts(adata, path=path, remedy=NOT_COUNTS)
    if modality == keys.RNA:
        name_genes(adata, path=path)
        make_unique_names(adata, path=path)
    else:
        unit = counting or adata.uns.get(keys.COUNTING, "")
        if not unit and kind.startswith("10x"):
            unit = keys.INSERTION
        if unit not in keys.COUNTING_UNITS:
            raise UserError(
                f"{path}: the unit of the ATAC counts is not stated.",
                remedy=f"Give --counting, one of {', '.join(keys.COUNTING_UNITS)} (Cell Ranger's "
                "peak matrices count insertions).",
            )
        adata.var = parse_region_names(adata.var_names, path=path)
        adata.uns = {keys.COUNTING: str(unit)}
    adata.layers[keys.COUNTS] = adata.X.copy()
    return adata


def preprocess(
    modalities: dict[str, "AnnData"],
    *,
    min_genes: int,
    max_genes: int | None,
    max_pct_mt: float,
    min_regions: int,
    min_cells: int,
    n_top_genes: int,
    mt_prefix: str = "MT-",
) -> "MuData":
    """Keep good cells and features that occur; log-normalise expression.

    Parameters
    ----------
    modalities
        ``rna``, ``atac`` or both, from :func:`read_raw`; only cells that all of them have are kept.
    min_genes, max_genes, max_pct_mt
        Limits of the RNA of a cell; the last in percent.
    min_regions
        Open regions of a cell, at least.
    min_cells
        In which a gene or region occurs, at least.
    n_top_genes
        Highly variable genes to be marked.
    mt_prefix
        Of the symbols of mitochondrial genes.

    Raises
    ------
    UserError
        If no cell is left.
    """
    obs = _shared_cells(modalities)
    for name, adata in modalities.items():
        if name == keys.RNA:
            mitochondrial = mitochondrial_genes(
                adata.var, prefix=mt_prefix, places=None, mitochondrion=None
            )
            metrics = rna_metrics(adata.X, barcodes=adata.obs_names, mitochondrial=mitochondrial)
            limits = rna_limits(
                metrics, mode="fixed", min_genes=min_genes, max_genes=max_genes,
                max_pct_mt=max_pct_mt, mads_counts=np.inf, mads_mt=np.inf,
            )  # fmt: skip
            bad = outside(metrics, limits)
        else:
            n_open = np.asarray((adata.X > 0).sum(axis=1)).ravel()
            metrics = pd.DataFrame({N_REGIONS: n_open}, adata.obs_names)
            bad = pd.DataFrame({"low_regions": n_open < min_regions}, adata.obs_names)
        metrics, bad = metrics.loc[obs.index], bad.loc[obs.index]
        logger.info("%s, of %d cells: %s", name, len(obs), bad.sum().to_dict())
        obs = obs.drop(columns=metrics.columns, errors="ignore").join(metrics)[~bad.any(axis=1)]
    if obs.empty:
        raise UserError("No cell is within the limits: lower them (--min-genes, --min-regions).")
    parts = {name: adata[obs.index].copy() for name, adata in modalities.items()}
    for name, adata in parts.items():
        if name == keys.RNA:
            adata.obs = pd.DataFrame({keys.SAMPLE: ""}, index=obs.index)  # all are of one
            parts[name] = normalise(adata, min_cells=min_cells, n_top_genes=n_top_genes)
        else:
            often = np.asarray((adata.X > 0).sum(axis=0)).ravel() >= min_cells
            parts[name] = adata[:, often].copy()
        parts[name].obs = obs[[]]
        logger.info("%s: %d cells × %d features are kept", name, *parts[name].shape)
    return assemble(parts, obs=obs)


def _shared_cells(modalities: dict[str, "AnnData"]) -> pd.DataFrame:
    """Join what is known of the cells that all modalities have."""
    first, *others = modalities.values()
    shared = first.obs_names
    for other in others:
        shared = shared[shared.isin(other.obs_names)]
    n_cells = max(adata.n_obs for adata in modalities.values())
    if len(shared) < n_cells:
        logger.warning("%d of %d cells are in all modalities; others go", len(shared), n_cells)
    obs = first.obs.loc[shared]
    for other in others:
        obs = obs.join(other.obs.loc[shared, other.obs.columns.difference(obs.columns)])
    return obs
