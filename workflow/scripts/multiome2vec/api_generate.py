"""New cells from a trained model, and paths between cells: a part of :mod:`multiome2vec.api`."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.data.readers import open_dataset
from multiome2vec.errors import UserError
from multiome2vec.models.config import ACCESSIBILITY
from multiome2vec.tasks import generate as generation
from multiome2vec.tasks.embed import embed
from multiome2vec.tasks.model import Model

if TYPE_CHECKING:
    from mudata import MuData

    from multiome2vec.data.dataset import Dataset

    Data = str | Path | MuData | Dataset


def generate(
    model: Model,
    n_cells: int,
    *,
    seed: int = 0,
    batch: str | None = None,
    libraries: dict[str, float] | None = None,
) -> "MuData":
    """Draw new cells.

    Parameters
    ----------
    batch
        Batch to imitate; None for the average of all.
    libraries
        Sum of the expected counts of a cell, by modality; by default the median of the training,
        or where the model infers libraries a draw from their distribution for each cell.

    Returns
    -------
    mudata.MuData
        Values as X, of counts also as ``layers["counts"]``; ``obsm["X_latent"]``.
    """
    import anndata as ad
    import mudata

    network, number = model.checkpoint.model, _batch_number(model, batch)
    medians = model.card["libraries"].items()
    observed = {name: median for name, median in medians if name not in network.libraries}
    depth = observed | (libraries or {})
    z, values = generation.generate(network, n_cells, libraries=depth, seed=seed, batch=number)
    obs = pd.DataFrame(index=[f"generated{i}" for i in range(n_cells)])
    parts = {}
    for name, rows in values.items():
        var = pd.DataFrame(index=model.checkpoint.names[name])
        parts[name] = ad.AnnData(rows, obs=obs.copy(), var=var)
        kind = model.card["features"][name]["kind"]
        if network.config.modalities[name].target == "counts" and kind != "continuous":
            parts[name].layers[keys.COUNTS] = rows.copy()
        if kind == ACCESSIBILITY:
            parts[name].uns[keys.COUNTING] = keys.FRAGMENT
    with mudata.set_options(pull_on_update=False):
        cells = mudata.MuData(parts)
    cells.obs[keys.BATCH] = "average" if batch is None else batch
    cells.obsm["X_latent"] = z
    return cells


def interpolate(
    model: Model,
    data: "Data",
    start: str,
    end: str,
    *,
    steps: int = 10,
    batch: str | None = None,
    libraries: dict[str, float] | None = None,
) -> dict[str, pd.DataFrame]:
    """Compute expected values on the straight line from one cell to another in the latent space.

    Parameters
    ----------
    start, end
        Barcodes of two cells of ``data``.
    steps
        Points, the two cells included.
    batch
        As in :func:`generate`.
    libraries
        Sum of the expected counts of a cell, by modality; by default the median of the training.

    Returns
    -------
    dict
        ``latent`` and every modality: steps × dimensions or features.
    """
    dataset = open_dataset(data)
    for barcode in (start, end):
        if barcode not in dataset.obs.index:
            raise UserError(f"The dataset has no cell '{barcode}'.")
    numbers = [dataset.obs.index.get_loc(barcode) for barcode in (start, end)]
    cells, which = np.unique(numbers, return_inverse=True)
    ends = embed(model.checkpoint, dataset, cells=cells)[which]
    depth = model.card["libraries"] | (libraries or {})
    path, values = generation.interpolate(
        model.checkpoint.model,
        *ends,
        steps=steps,
        libraries=depth,
        batch=_batch_number(model, batch),
    )
    tables = {"latent": pd.DataFrame(path, columns=[f"z{d}" for d in range(path.shape[1])])}
    for name, rows in values.items():
        tables[name] = pd.DataFrame(rows, columns=model.checkpoint.names[name])
    return tables


def _batch_number(model: Model, batch: str | None) -> int | None:
    if batch is None:
        return None
    batches = model.card["batches"]
    if batch not in batches:
        raise UserError(f"The model knows no batch '{batch}': {', '.join(batches) or 'none'}.")
    return batches.index(batch) if len(batches) > 1 else None
