"""The aligned matrices of a dataset: one MuData of genes, regions and motifs, and label means."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import scipy.sparse as sp

from multiome2vec import keys
from multiome2vec.errors import ContractError

if TYPE_CHECKING:
    from anndata import AnnData
    from mudata import MuData


def assemble(modalities: Mapping[str, "AnnData"], *, obs: pd.DataFrame) -> "MuData":
    """Put modalities side by side, with the same cells in the same order where they are paired.

    Parameters
    ----------
    modalities
        Cells × features by name (``rna``, ``atac``, ``motif``); cells not in ``obs`` are left out.
    obs
        Global table of cells, in the order of the result.

    Returns
    -------
    mudata.MuData
        Paired if all modalities hold every cell of ``obs``; else a mosaic: each modality has its
        own cells, and ``obs["has_<modality>"]`` says which.

    Raises
    ------
    ContractError
        If a cell is in no modality.
    """
    import mudata

    has = {name: obs.index.isin(adata.obs_names) for name, adata in modalities.items()}
    nowhere = ~np.logical_or.reduce(list(has.values()))
    if nowhere.any():
        raise ContractError(
            f"Kept cell '{obs.index[nowhere][0]}' is in none of the matrices "
            f"({', '.join(modalities)}). Remove the results of the QC and matrix steps, run again."
        )
    parts = {name: adata[obs.index[has[name]]].copy() for name, adata in modalities.items()}
    for part in parts.values():
        part.obs_names.name = None  # MuData joins tables of cells only if their indices agree
    if not all(flags.all() for flags in has.values()):
        obs = obs.assign(**{keys.HAS[name]: flags for name, flags in has.items()})
    with mudata.set_options(pull_on_update=False):
        joint = mudata.MuData(parts)
        if not joint.obs_names.equals(obs.index):
            joint = joint[obs.index].copy()
        joint.obs = obs.rename_axis(None)
        joint.update()
    return joint


def label_means(
    values: sp.csr_matrix, *, labels: pd.Series, columns: Sequence[str], total: float | None
) -> np.ndarray:
    """Mean of each feature over the cells of each label.

    Parameters
    ----------
    values
        CSR, cells × features.
    labels
        Label of each cell.
    columns
        Labels wanted, in order.
    total
        Every cell is first scaled to this sum (counts per 10,000); None takes values as they are.

    Returns
    -------
    numpy.ndarray
        Features × labels, NaN for labels without cells.
    """
    weights, n_cells = _label_weights(labels, columns, _scale(values, total))
    sums = (weights @ values).toarray().T
    return sums / np.where(n_cells > 0, n_cells, np.nan)


def masked_label_means(
    values: np.ndarray, mask: np.ndarray, *, labels: pd.Series, columns: Sequence[str]
) -> np.ndarray:
    """Mean of each feature over the cells of each label, without masked entries.

    Parameters
    ----------
    values, mask
        Cells × features; entries with mask 1 are left out.
    labels, columns
        As for :func:`label_means`.

    Returns
    -------
    numpy.ndarray
        Features × labels, NaN where no entry is left.
    """
    members, _ = _label_weights(labels, columns, np.ones(len(labels)))
    known = np.asarray(mask) == 0
    n_known = (members @ known.astype(np.float64)).T
    sums = (members @ np.where(known, values, 0).astype(np.float64)).T
    return sums / np.where(n_known > 0, n_known, np.nan)


def _scale(values: sp.csr_matrix, total: float | None) -> np.ndarray:
    if total is None:
        return np.ones(values.shape[0])
    sums = np.asarray(values.sum(axis=1), dtype=np.float64).ravel()
    return total / np.where(sums > 0, sums, 1)


def _label_weights(
    labels: pd.Series, columns: Sequence[str], weight: np.ndarray
) -> tuple[sp.csr_matrix, np.ndarray]:
    """Labels × cells with the weight of each cell, and cells per label."""
    code = pd.Index(columns).get_indexer(labels.astype(str))
    cell = np.flatnonzero(code >= 0)
    shape = (len(columns), len(labels))
    weights = sp.csr_matrix((weight[cell], (code[cell], cell)), shape=shape)
    return weights, np.bincount(code[cell], minlength=len(columns))
