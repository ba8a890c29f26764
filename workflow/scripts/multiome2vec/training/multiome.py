"""From the MuData of a dataset to the cells, features and kinds of values a model trains on."""

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from multiome2vec import keys
from multiome2vec.errors import ContractError, UserError
from multiome2vec.models.config import ACCESSIBILITY, CONTINUOUS, COUNTS
from multiome2vec.models.transforms import CLIP, SCALE
from multiome2vec.training.data import CellData, ModalityData

if TYPE_CHECKING:
    from anndata import AnnData
    from mudata import MuData


def cell_data(
    mdata: "MuData", *, features: dict[str, np.ndarray], batches: list[str], batch_key: str | None
) -> CellData:
    """Gather the values of the chosen features of every cell.

    Parameters
    ----------
    mdata
        Paired (all cells in every modality) or mosaic (a union; ``obs["has_<modality>"]`` says
        what a cell has).
    features
        Columns to use by modality, in the order of the model's experts.
    batches
        Names of the batches, in the order of their codes; with fewer than two the model is told
        of none.
    batch_key
        Column of ``mdata.obs`` that holds the batch; None if there is none.

    Raises
    ------
    UserError
        If a cell's batch is not in ``batches``.
    ContractError
        If a modality is missing, or ATAC does not state its counting unit.
    """
    missing = [name for name in features if name not in mdata.mod]
    if missing:
        raise ContractError(
            f"The model was trained with {', '.join(features)}, but this dataset has no modality "
            f"{', '.join(missing)} (it has {', '.join(mdata.mod)})."
        )
    modalities = {name: _modality(mdata, name, columns) for name, columns in features.items()}
    codes = np.zeros(mdata.n_obs, dtype=np.int64)
    if len(batches) > 1:
        labels = mdata.obs[batch_key].astype(str)
        order = {name: code for code, name in enumerate(batches)}
        unknown = sorted(set(labels) - set(order))
        if unknown:
            raise UserError(
                f"The model was trained on the batches {', '.join(batches)} and knows no batch "
                f"'{unknown[0]}'. Train it on a dataset that has this batch."
            )
        codes = labels.map(order).to_numpy(np.int64)
    return CellData(modalities, codes, len(batches) if len(batches) > 1 else 0)


def batch_names(mdata: "MuData", batch_key: str | None) -> list[str]:
    """Sorted names of the batches; empty without a batch column."""
    if batch_key is None or batch_key not in mdata.obs:
        return []
    return sorted(mdata.obs[batch_key].astype(str).unique())


def choose_features(mdata: "MuData", *, n_hvg: int, n_regions: int) -> dict[str, np.ndarray]:
    """Choose the columns to model of every modality that is there, in file order.

    Genes: those flagged highly variable (all if none is flagged), at most the ``n_hvg`` of largest
    variance of log-normalised values. Regions: at most the ``n_regions`` open in most cells.
    Motifs: all. Features without any value are left out of genes and regions.
    """
    chosen = {}
    for name in (name for name in keys.MODALITIES if name in mdata.mod):
        adata = mdata.mod[name]
        if name == keys.RNA:
            flagged = adata.var.get(keys.HIGHLY_VARIABLE, np.ones(adata.n_vars, bool))
            rank = np.where(np.asarray(flagged, dtype=bool), _expression_variance(adata), 0)
            chosen[name] = _largest(rank, n_hvg)
        elif name == keys.ATAC:
            open_cells = np.bincount(_counts(adata).indices, minlength=adata.n_vars)
            chosen[name] = _largest(open_cells, n_regions)
        else:
            chosen[name] = np.arange(adata.n_vars)
    return chosen


def features_digest(names: Iterable[str]) -> str:
    """SHA-256 of feature names in their order."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def check_features(mdata: "MuData", *, features: dict[str, np.ndarray], digests: dict) -> None:
    """Make sure that the columns a model uses hold the features it was trained on.

    Parameters
    ----------
    features
        Columns by modality.
    digests
        Digest of their names by modality, from :func:`features_digest`.

    Raises
    ------
    ContractError
        If a modality has other features, or the same in another order.
    """
    for name, columns in features.items():
        if name not in mdata.mod:
            continue
        names = mdata.mod[name].var_names
        fits = len(names) > columns.max(initial=-1)
        if not fits or features_digest(names[columns]) != digests[name]:
            raise ContractError(
                f"The {name} features are not those the model was trained on ({len(columns)} of "
                f"them are used). Embed the matrices it was trained on, or train it again."
            )


def _largest(rank: np.ndarray, count: int) -> np.ndarray:
    """Positions (sorted) of the ``count`` largest positive values."""
    order = np.argsort(-rank, kind="stable")[:count]
    return np.sort(order[rank[order] > 0])


def _expression_variance(adata: "AnnData") -> np.ndarray:
    """Variance over cells of log1p(1e4 · share), or of X where there are no counts."""
    values = sparse.csr_matrix(adata.X, dtype=np.float64)
    if keys.COUNTS in adata.layers:
        values = sparse.csr_matrix(adata.layers[keys.COUNTS], dtype=np.float64)
        library = np.maximum(np.asarray(values.sum(axis=1)).ravel(), 1)
        values.data = np.log1p(SCALE * values.data / np.repeat(library, np.diff(values.indptr)))
    mean = np.asarray(values.mean(axis=0)).ravel()
    return np.asarray(values.multiply(values).mean(axis=0)).ravel() - mean**2


def _counts(adata: "AnnData") -> sparse.csr_matrix:
    counts = sparse.csr_matrix(adata.layers[keys.COUNTS])
    counts.eliminate_zeros()
    return counts


def _modality(mdata: "MuData", name: str, columns: np.ndarray) -> ModalityData:
    adata = mdata.mod[name]
    rows = adata.obs_names.get_indexer(mdata.obs_names)
    if keys.HAS[name] in mdata.obs:
        rows = np.where(mdata.obs[keys.HAS[name]].to_numpy(bool), rows, -1)
    if name == keys.ATAC:
        return ModalityData(ACCESSIBILITY, _fragment_counts(adata)[:, columns], rows)
    if name == keys.RNA and keys.COUNTS in adata.layers:
        return ModalityData(COUNTS, _counts(adata)[:, columns], rows)
    if name == keys.RNA:
        return ModalityData(CONTINUOUS, _dense(adata.X)[:, columns], rows)
    defined = None
    if keys.MASK in adata.layers:
        defined = 1 - _dense(adata.layers[keys.MASK])[:, columns].astype(np.uint8)
    scores = np.clip(_dense(adata.X)[:, columns], -CLIP, CLIP)
    return ModalityData(CONTINUOUS, scores.astype(np.float32), rows, defined)


def _fragment_counts(adata: "AnnData") -> sparse.csr_matrix:
    """Get counts that a Poisson fits: insertions are halved, rounded up (Martens et al. 2024)."""
    unit = adata.uns.get(keys.COUNTING)
    if unit not in keys.COUNTING_UNITS:
        raise ContractError(
            f"ATAC states no counting unit: uns['{keys.COUNTING}'] is {unit!r} and must be one of "
            f"{', '.join(keys.COUNTING_UNITS)}. Set the sample sheet's column 'counting'."
        )
    counts = _counts(adata)
    if unit == keys.INSERTION:
        counts.data = (counts.data.astype(np.int64) + 1) // 2
    return counts


def _dense(values: np.ndarray | sparse.spmatrix) -> np.ndarray:
    return values.toarray() if sparse.issparse(values) else np.asarray(values)
