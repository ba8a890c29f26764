"""Denoised and imputed values of a modality, written block by block."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from multiome2vec import keys
from multiome2vec.data.dataset import Dataset, as_dataset
from multiome2vec.data.device import AUTO, choose_device
from multiome2vec.data.features import find_features
from multiome2vec.data.multiome import REFUSE
from multiome2vec.errors import UserError
from multiome2vec.io.embedding import carried
from multiome2vec.io.streamed import write_streamed
from multiome2vec.models.config import ACCESSIBILITY
from multiome2vec.tasks.apply import PER, expected, prepare, root, unit
from multiome2vec.training.checkpoint import Checkpoint

if TYPE_CHECKING:
    from mudata import MuData

MEDIAN = "median"  # library: that of the training cells
QUANTILE = 0.95


def impute(
    checkpoint: Checkpoint,
    data: "MuData | Dataset",
    cells: np.ndarray | None = None,
    *,
    modality: str,
    out: str | Path,
    sources: Sequence[str] | None = None,
    library: float | str = PER,
    quantile: float | None = QUANTILE,
    binarise: bool = True,
    unknown_batches: str = REFUSE,
    device: str = AUTO,
) -> None:
    """Write what the model expects of each cell, given what it has.

    Of RNA and other modalities all values are written, as float32. Of ATAC the entries at or above
    a quantile of each cell (scMVP: 0.95), as CSR. Of zero-inflated likelihoods these are the counts
    expected without the inflation. No more than a block of cells is dense at any time.

    Parameters
    ----------
    data
        As in :func:`multiome2vec.tasks.embed.embed`.
    cells
        Numbers of the cells to write, sorted; None for all.
    modality
        Modality to write; cells may lack it.
    out
        Zarr folder (``.zarr``) or ``.h5ad``, an AnnData: ``uns["multiome2vec"]`` says what X is.
    sources
        Modalities to look at; None for all.
    library
        Sum of the expected counts of every cell; ``median`` for the median of the training cells.
    quantile
        Of each cell, below which accessibility is left out; None keeps all values, dense.
    binarise
        Write accessibility as 1 (uint8) where it is kept, not as the expected value (float32).
    unknown_batches
        ``refuse`` or ``average``.
    device
        ``auto``, ``cpu`` or ``cuda``.
    """
    dataset = as_dataset(data)
    root(checkpoint.model, modality)
    if quantile is not None and not 0 <= quantile < 1:
        raise UserError(f"The quantile is {quantile:g}, but must be at least 0 and below 1.")
    per = checkpoint.card["libraries"][modality] if library == MEDIAN else float(library)
    prepared = prepare(checkpoint, dataset, unknown_batches=unknown_batches, device=device)
    cells = np.arange(len(prepared)) if cells is None else cells
    model = checkpoint.model.to(choose_device(device))
    blocks = (
        values
        for _, values in expected(
            model,
            prepared,
            cells,
            target=modality,
            sources=sources,
            library=per,
            inflation=False,
        )
    )
    what = {"values": unit(model, prepared, modality, library=per), "modality": modality}
    if prepared.modalities[modality].kind == ACCESSIBILITY and quantile is not None:
        blocks = _largest(blocks, quantile, binarise=binarise)
        kept = f"at or above the {quantile:g} quantile of each cell"
        what["values"] = f"1 where {kept}" if binarise else f"{what['values']}, {kept}"
    write_streamed(
        out,
        blocks,
        obs=carried(dataset.obs.iloc[cells]),
        var=_features(checkpoint, dataset, modality),
        uns={keys.PROVENANCE: what | {"seed": checkpoint.card["seed"]}},
    )


def _largest(
    blocks: Iterator[np.ndarray], quantile: float, *, binarise: bool
) -> Iterator[sparse.csr_matrix]:
    """Entries of each row at or above its quantile."""
    for values in blocks:
        kept = values >= np.quantile(values, quantile, axis=1, keepdims=True)
        rows, columns = np.nonzero(kept)
        entries = np.ones(len(rows), np.uint8) if binarise else values[rows, columns]
        yield sparse.csr_matrix((entries, (rows, columns)), shape=values.shape)


def _features(checkpoint: Checkpoint, dataset: Dataset, modality: str) -> pd.DataFrame:
    """Table of the features written."""
    if modality not in dataset.modalities:
        return pd.DataFrame(index=checkpoint.names[modality])
    columns = find_features(
        dataset,
        features={modality: checkpoint.features[modality]},
        names=checkpoint.names,
    )[modality]
    return dataset.modalities[modality].var.iloc[columns]
