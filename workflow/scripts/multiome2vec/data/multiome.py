"""From a dataset to the cells, features and kinds of values a model trains on."""

import logging
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch

from multiome2vec import keys
from multiome2vec.data.backed import BackedStore
from multiome2vec.data.cells import CellData, ModalityData
from multiome2vec.data.dataset import Dataset, Source, as_dataset
from multiome2vec.data.device import AUTO, CPU, choose_device
from multiome2vec.data.features import segments_of
from multiome2vec.data.metadata import categorised
from multiome2vec.data.statistics import density
from multiome2vec.data.stores import DenseStore, DeviceStore, MemoryStore, Store, choose_backend
from multiome2vec.errors import ContractError, UserError
from multiome2vec.models.config import CONTINUOUS

if TYPE_CHECKING:
    from mudata import MuData

logger = logging.getLogger(__name__)

REFUSE, AVERAGE = "refuse", "average"  # what to do with cells of a batch not known
SPARSE_BELOW = 0.2  # share of entries that are not 0 below which batches of counts are sparse
ENTRY_BYTES = 6  # of a count in memory and its column


def cell_data(
    data: "MuData | Dataset",
    *,
    features: dict[str, np.ndarray],
    batches: list[str],
    batch_key: str | None,
    backend: str = "auto",
    budget: float | None = None,
    device: str = AUTO,
    dense: bool = False,
    unknown_batches: str = REFUSE,
) -> CellData:
    """Gather the values of the chosen features of every cell.

    Parameters
    ----------
    data
        Paired (all cells in every modality) or mosaic (a union; ``obs["has_<modality>"]`` says
        what a cell has), in memory or, from :func:`multiome2vec.data.readers.read_dataset`, in a
        file.
    features
        Columns to use by modality, in the order of the model's experts.
    batches
        Names of the batches, in the order of their codes; with fewer than two the model is told
        of none.
    batch_key
        Column of ``obs`` that holds the batch; None if there is none.
    backend, budget
        Where to keep sparse values, see :func:`multiome2vec.data.stores.choose_backend`.
    device
        Name of the device of the model; without a GPU no values are kept there.
    dense
        Give out dense batches of every modality, however few of its entries are not 0.
    unknown_batches
        ``refuse`` cells of a batch not in ``batches``, or ``average``: the model is told of all
        batches in equal shares.

    Raises
    ------
    UserError
        If a cell's batch is not in ``batches`` and not to be averaged, or the backend is
        ``backed`` and the data are not in a file.
    ContractError
        If a modality is missing, or ATAC does not state its counting unit.
    """
    data = as_dataset(data)
    missing = [name for name in features if name not in data.modalities]
    if missing:
        raise ContractError(
            f"The model was trained with {', '.join(features)}, but this dataset has no modality "
            f"{', '.join(missing)} (it has {', '.join(data.modalities)})."
        )
    sources = {name: data.modalities[name] for name in features}
    stores = {name: source.store.select(features[name]) for name, source in sources.items()}
    shares = {name: density(s) for name, s in stores.items() if not isinstance(s, DenseStore)}
    entries = sum(share * np.prod(stores[name].shape) for name, share in shares.items())
    target = choose_device(device)
    chosen = choose_backend(
        ENTRY_BYTES * entries,
        backend=backend,
        budget=budget,
        gpu_free=None if target.type == "cuda" else 0,
    )
    logger.info("%.2e entries are not 0; preferred backend: %s", entries, chosen)
    modalities = {
        name: ModalityData(
            source.kind,
            place(stores[name], chosen, choice=backend, device=target),
            source.rows,
            sparse=not dense and source.kind != CONTINUOUS and shares[name] < SPARSE_BELOW,
            segments=_segments(name, source, features[name]),
        )
        for name, source in sources.items()
    }
    codes = _batch_codes(data, batches, batch_key, unknown_batches)
    n_batches = len(batches) if len(batches) > 1 else 0
    return CellData(modalities, codes, n_batches, categorised(data.obs))


def batch_names(data: "MuData | Dataset", batch_key: str | None) -> list[str]:
    """Sorted names of the batches; empty without a batch column."""
    if batch_key is None or batch_key not in data.obs:
        return []
    return sorted(data.obs[batch_key].astype(str).unique())


def place(store: Store, backend: str, *, choice: str = "auto", device: torch.device = CPU) -> Store:
    """Bring values to where they are to be kept; dense ones go to the GPU or stay.

    Parameters
    ----------
    backend
        ``memory``, ``backed`` or ``gpu``.
    choice
        What was asked for: values in memory already stay there unless ``backed`` was.
    device
        The GPU.
    """
    if isinstance(store, DenseStore):
        return store.to(device) if backend == "gpu" else store
    if backend == "backed":
        if not isinstance(store, BackedStore) and choice == "backed":
            raise UserError(
                "backend is 'backed', but the data are in memory already (or stored by column or "
                "dense). Use auto or memory, or write CSR matrices and read the file."
            )
        return store
    loaded = MemoryStore.load(store) if isinstance(store, BackedStore) else store
    return DeviceStore(loaded, device) if backend == "gpu" else loaded


def _segments(name: str, source: Source, columns: np.ndarray) -> tuple[int, ...]:
    return segments_of(source.var.iloc[columns]) if name == keys.ATAC else ()


def _batch_codes(
    data: Dataset, batches: list[str], batch_key: str | None, unknown_batches: str
) -> np.ndarray:
    """Index of each cell's batch among ``batches``; 0 if the model is told of none."""
    if len(batches) < 2:
        return np.zeros(len(data.obs), dtype=np.int64)
    if unknown_batches not in (REFUSE, AVERAGE):
        raise UserError(f"Unknown batches can be {REFUSE}d or {AVERAGE}d, not {unknown_batches!r}.")
    if batch_key in data.obs:
        labels = data.obs[batch_key].astype(str).to_numpy()
    else:
        labels = np.full(len(data.obs), f"(no column '{batch_key}')")
    codes = pd.Index(batches).get_indexer(labels)
    odd = sorted(set(labels[codes < 0]))
    if odd and unknown_batches == REFUSE:
        raise UserError(
            f"The model was trained on the batches {', '.join(batches)} and knows no batch "
            f"'{odd[0]}'. Train it on a dataset that has this batch, or ask for unknown batches "
            "to be averaged."
        )
    if odd:
        logger.warning(
            "%d cells of the batch %s, which the model does not know: it is told of its own "
            "batches in equal shares",
            (codes < 0).sum(),
            ", ".join(odd),
        )
    return codes.astype(np.int64)
