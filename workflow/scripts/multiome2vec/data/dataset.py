"""A dataset as it is stored: every modality with all its features."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from multiome2vec import keys
from multiome2vec.data.backed import BackedStore
from multiome2vec.data.stores import DenseStore, MemoryStore
from multiome2vec.errors import ContractError
from multiome2vec.io.counts import require_unique_barcodes
from multiome2vec.models.config import ACCESSIBILITY, CONTINUOUS, COUNTS
from multiome2vec.models.transforms import CLIP

if TYPE_CHECKING:
    from anndata import AnnData
    from mudata import MuData

ADT = "adt"  # surface proteins (CITE-seq)
MODELLED = (*keys.MODALITIES, ADT)
KINDS = {keys.RNA: COUNTS, keys.ATAC: ACCESSIBILITY, keys.MOTIF: CONTINUOUS, ADT: COUNTS}


@dataclass(frozen=True)
class Source:
    """One modality.

    Attributes
    ----------
    kind
        See :class:`~multiome2vec.models.config.ModalityShape`.
    store
        Rows × all features.
    rows
        For each cell of the dataset its row of ``store``, -1 where the cell lacks the modality.
    var
        Features; the index has their names.
    """

    kind: str
    store: MemoryStore | BackedStore | DenseStore
    rows: np.ndarray
    var: pd.DataFrame


@dataclass(frozen=True)
class Dataset:
    """Cells with everything known of them.

    Attributes
    ----------
    obs
        Metadata of the cells; the index has their barcodes.
    modalities
        By name, in the order of :data:`MODELLED`.
    """

    obs: pd.DataFrame
    modalities: dict[str, Source]


def as_dataset(found: "MuData | Dataset") -> Dataset:
    """Take a MuData in memory, paired or mosaic, as a dataset; a dataset stays what it is.

    Raises
    ------
    ContractError
        If ATAC does not state its counting unit, or ATAC or ADT have no counts.
    """
    if isinstance(found, Dataset):
        return found
    names = [name for name in MODELLED if name in found.mod]
    return Dataset(found.obs, {name: _source(found, name) for name in names})


def fragment_counts(
    store: MemoryStore | BackedStore, unit: str | None
) -> MemoryStore | BackedStore:
    """Get counts that a Poisson fits: insertions are halved, rounded up (Martens et al. 2024).

    Parameters
    ----------
    unit
        One of :data:`multiome2vec.keys.COUNTING_UNITS`.

    Raises
    ------
    ContractError
        If it is none of them.
    """
    if unit not in keys.COUNTING_UNITS:
        raise ContractError(
            f"ATAC states no counting unit: uns['{keys.COUNTING}'] is {unit!r} and must be one of "
            f"{', '.join(keys.COUNTING_UNITS)}. Set the sample sheet's column 'counting'."
        )
    return store.halved() if unit == keys.INSERTION else store


def motif_scores(
    values: np.ndarray | sparse.spmatrix, mask: np.ndarray | sparse.spmatrix | None
) -> DenseStore:
    """Scores within ±10, undefined where ``mask`` is 1."""
    scores = np.clip(_dense(values), -CLIP, CLIP)
    if mask is None:
        return DenseStore(scores)
    undefined = _dense(mask) == 1
    return DenseStore(np.where(undefined, 0, scores), ~undefined)


def no_counts(name: str, layer: str, layers: list[str]) -> ContractError:
    """Error for a modality without its layer of counts."""
    return ContractError(
        f"{name} has no layers['{layer}'] (layers: {', '.join(layers) or 'none'}). Models need raw "
        "counts, and X often holds normalised or binarised values: name the layer that has them, "
        "or 'X' if they are there."
    )


def _source(mdata: "MuData", name: str) -> Source:
    adata = mdata.mod[name]
    require_unique_barcodes(adata.obs_names, path=f"modality {name}")
    rows = adata.obs_names.get_indexer(mdata.obs_names)
    flag = keys.HAS.get(name)
    if flag in mdata.obs:
        rows = np.where(mdata.obs[flag].to_numpy(bool), rows, -1)
    kind = KINDS[name]
    if name == keys.RNA and keys.COUNTS not in adata.layers:
        kind = CONTINUOUS
    return Source(kind, _store(adata, name), rows, adata.var)


def _store(adata: "AnnData", name: str) -> MemoryStore | DenseStore:
    if name == keys.MOTIF:
        return motif_scores(adata.X, adata.layers.get(keys.MASK))
    if keys.COUNTS in adata.layers:
        store = MemoryStore.from_matrix(adata.layers[keys.COUNTS])
        return fragment_counts(store, adata.uns.get(keys.COUNTING)) if name == keys.ATAC else store
    if name != keys.RNA:
        raise no_counts(name, keys.COUNTS, list(adata.layers))
    return MemoryStore.from_matrix(adata.X)


def _dense(values: np.ndarray | sparse.spmatrix) -> np.ndarray:
    return values.toarray() if sparse.issparse(values) else np.asarray(values)
