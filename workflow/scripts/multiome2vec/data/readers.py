"""Readers of h5ad, h5mu and zarr: metadata in memory, sparse matrices left in the file."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from multiome2vec import keys
from multiome2vec.data.backed import BackedStore, open_root
from multiome2vec.data.csr import ROWS_AT_A_TIME, Csr, join, pick
from multiome2vec.data.dataset import (
    KINDS,
    MODELLED,
    Dataset,
    Source,
    as_dataset,
    fragment_counts,
    motif_scores,
    no_counts,
)
from multiome2vec.data.stores import MEMORY_BUDGET, DenseStore, MemoryStore
from multiome2vec.errors import ContractError, UserError
from multiome2vec.io.counts import require_unique_barcodes
from multiome2vec.io.features import NAMES, kinds_of_types
from multiome2vec.models.config import CONTINUOUS

if TYPE_CHECKING:
    from mudata import MuData

logger = logging.getLogger(__name__)


def read_dataset(
    path: str | Path,
    *,
    layer: str = keys.COUNTS,
    counting: str | None = None,
    budget: float = MEMORY_BUDGET,
) -> Dataset:
    """Read the metadata of a file and say where its values are.

    Parameters
    ----------
    path
        ``multiome.h5mu`` of this workflow or another h5mu; an h5ad whose features are of several
        modalities by ``var["feature_types"]``; or a zarr folder of either.
    layer
        Layer of the counts; ``X`` if they are there. RNA of an h5mu may have none: it is then
        continuous.
    counting
        Unit of the ATAC counts, where the file states none.
    budget
        Bytes that a matrix may take which is not stored by row and has to be read whole.

    Raises
    ------
    UserError
        If the file cannot be read, features are of no known type, barcodes repeat, or a matrix
        stored by column does not fit into the budget.
    ContractError
        If the cells of the modalities differ and no flags say so, or there are no counts.
    """
    if not Path(path).exists():
        raise UserError(f"{path} does not exist.")
    try:
        root = open_root(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is neither HDF5 nor zarr ({error}). Is it whole?") from None
    file = _File(str(path), root, layer, counting, budget)
    return file.modalities() if "mod" in root else file.feature_types()


class _File:
    """An open h5ad or h5mu (HDF5 or zarr) and how to read it."""

    def __init__(self, path: str, root, layer: str, counting: str | None, budget: float) -> None:
        self.path, self.root, self.layer = path, root, layer
        self.counting, self.budget = counting, budget

    def feature_types(self) -> Dataset:
        """Split the one matrix of an AnnData by the types of its features."""
        obs, var = self._table("obs"), self._table("var")
        require_unique_barcodes(obs.index, path=self.path)
        if keys.FEATURE_TYPES not in var:
            if not self._layers("") and self.layer != "X":
                store = self._matrix("X", self.path)
                if not _whole(store):
                    logger.info("%s: X is taken as continuous expression", self.path)
                    return Dataset(
                        obs, {keys.RNA: Source(CONTINUOUS, store, np.arange(len(obs)), var)}
                    )
            raise UserError(
                f"{self.path}: var has no column '{keys.FEATURE_TYPES}', so modalities cannot be "
                f"told apart. Add it: {', '.join(NAMES.values())}."
            )
        types = var[keys.FEATURE_TYPES].astype(str)
        kinds = kinds_of_types(types)
        store, sources = None, {}
        for name in (name for name in MODELLED if name in NAMES):
            columns = np.flatnonzero(kinds == name)
            if not len(columns):
                continue
            store = store or self._counts("", self.path)
            part = store.select(columns)
            if name == keys.ATAC:
                part = fragment_counts(part, self._unit(""))
            sources[name] = Source(KINDS[name], part, np.arange(len(obs)), var.iloc[columns])
        odd = sorted(set(types[~kinds.isin(list(NAMES))]))
        if not sources:
            raise UserError(
                f"{self.path}: '{keys.FEATURE_TYPES}' holds {', '.join(odd) or 'nothing'}, none of "
                f"which is known ({', '.join(NAMES.values())})."
            )
        if odd:
            logger.warning("%s: features of type %s are left out", self.path, ", ".join(odd))
        return Dataset(obs, sources)

    def modalities(self) -> Dataset:
        """Take the modalities of a MuData."""
        obs = self._table("obs")
        require_unique_barcodes(obs.index, path=self.path)
        names = [name for name in MODELLED if name in self.root["mod"]]
        if not names:
            there = ", ".join(self.root["mod"]) or "none"
            raise UserError(f"{self.path}: modalities are {there}, not {', '.join(MODELLED)}.")
        return Dataset(obs, {name: self._modality(name, obs) for name in names})

    def _modality(self, name: str, obs: pd.DataFrame) -> Source:
        group, where = f"mod/{name}/", f"{self.path}, modality {name}"
        rows = aligned_rows(obs, self._table(f"{group}obs").index, name=name, path=where)
        var, kind = self._table(f"{group}var"), KINDS[name]
        if kind == CONTINUOUS:
            store = self._scores(group)
        elif name == keys.RNA and self.layer != "X" and self.layer not in self._layers(group):
            logger.info("%s has no layers['%s']: X is taken as continuous", where, self.layer)
            store, kind = self._matrix(f"{group}X", where), CONTINUOUS
        else:
            store = self._counts(group, where)
        if name == keys.ATAC:
            store = fragment_counts(store, self._unit(group))
        return Source(kind, store, rows, var)

    def _counts(self, group: str, where: str) -> MemoryStore | BackedStore:
        if self.layer == "X" and f"{group}X" in self.root:
            return self._matrix(f"{group}X", where)
        layers = self._layers(group)
        if self.layer not in layers:
            raise no_counts(where, self.layer, layers)
        return self._matrix(f"{group}layers/{self.layer}", where)

    def _matrix(self, place: str, where: str) -> MemoryStore | BackedStore:
        """Store of a matrix: in the file if by row, else in memory if it fits."""
        element = self.root[place]
        form = element.attrs.get("encoding-type", "array")
        if form == "csr_matrix":
            return BackedStore(self.path, place)
        if form == "csc_matrix":
            return self._by_column(element, f"{where}: {place}")
        return _from_dense(element)

    def _by_column(self, element, where: str) -> MemoryStore:
        parts = [element[part] for part in ("data", "indices")]
        needed = 2 * sum(part.shape[0] * part.dtype.itemsize for part in parts)  # and its transpose
        if needed > self.budget:
            raise UserError(
                f"{where} is stored by column (CSC). Cells are read by row, and turning it takes "
                f"{needed / 2**30:.1f} GiB, more than the {self.budget / 2**30:.1f} GiB allowed. "
                "Write it by row once (adata.layers[...] = adata.layers[...].tocsr()), or allow "
                "more memory."
            )
        logger.warning("%s is stored by column (CSC): it is turned in memory", where)
        arrays = (*(part[:] for part in parts), element["indptr"][:])
        shape = tuple(int(size) for size in element.attrs["shape"])
        return MemoryStore.from_matrix(sparse.csc_matrix(arrays, shape=shape))

    def _scores(self, group: str) -> DenseStore:
        mask = None
        if keys.MASK in self._layers(group):
            mask = _element(self.root[f"{group}layers/{keys.MASK}"])
        return motif_scores(_element(self.root[f"{group}X"]), mask)

    def _unit(self, group: str) -> str | None:
        where = f"{group}uns/{keys.COUNTING}"
        return _element(self.root[where]) if where in self.root else self.counting

    def _layers(self, group: str) -> list[str]:
        return sorted(self.root[f"{group}layers"]) if f"{group}layers" in self.root else []

    def _table(self, place: str) -> pd.DataFrame:
        return _element(self.root[place])


def open_dataset(data: "str | Path | MuData | Dataset") -> Dataset:
    """Take a path, a MuData or a dataset as a dataset.

    Raises
    ------
    UserError
        If it is none of them, or a file that cannot be read.
    """
    if isinstance(data, str | Path):
        return read_dataset(data)
    if not isinstance(data, Dataset) and not hasattr(data, "mod"):
        raise UserError(
            f"Data can be a path, a MuData or what read() returns, not a {type(data).__name__}. "
            "Put an AnnData into a MuData ({'rna': adata}), or give the path of its file."
        )
    return as_dataset(data)


def aligned_rows(obs: pd.DataFrame, barcodes: pd.Index, *, name: str, path: str) -> np.ndarray:
    """Row of each cell in a modality, -1 where it lacks it.

    Parameters
    ----------
    obs
        Of the whole dataset; the column ``has_<modality>`` marks a mosaic.
    barcodes
        Of the modality.

    Raises
    ------
    UserError
        If a barcode occurs twice.
    ContractError
        If the cells are others, or in another order, than the dataset or its flags say.
    """
    require_unique_barcodes(barcodes, path=path)
    flag = keys.HAS.get(name, f"has_{name}")
    has = obs[flag].to_numpy(bool) if flag in obs else np.ones(len(obs), bool)
    expected = obs.index[has]
    if not expected.equals(barcodes):
        permuted = len(expected) == len(barcodes) and set(expected) == set(barcodes)
        what = "the same cells in another order" if permuted else f"{len(barcodes)} cells"
        raise ContractError(
            f"{path} holds {what}, but {len(expected)} are expected by "
            f"{f'obs[{flag!r}]' if flag in obs else 'obs of the whole file'}. Paired modalities "
            "hold the same barcodes in the same order; for a mosaic, say in obs of the whole file "
            f"which cells have it ('{flag}')."
        )
    return np.where(has, np.cumsum(has) - 1, -1)


def _whole(store: MemoryStore | BackedStore) -> bool:
    """Whether the first rows hold whole numbers alone, as counts do."""
    values = store.csr(np.arange(min(ROWS_AT_A_TIME, store.shape[0]))).values
    return bool((values == np.floor(values)).all())


def _from_dense(element) -> MemoryStore:
    """Sparse matrix of an array in the file, read some rows at a time."""
    n_rows, n_columns = element.shape

    def parts():
        for first in range(0, n_rows, ROWS_AT_A_TIME):
            block = sparse.csr_matrix(element[first : first + ROWS_AT_A_TIME])
            yield pick(Csr(block.indptr.astype(np.int64), block.indices, block.data))

    return MemoryStore(join(parts()), n_columns=n_columns)


def _element(element):
    from anndata.io import read_elem

    return read_elem(element)
