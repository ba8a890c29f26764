"""The package in Python: one function per task, on files or on data in memory.

``data`` is a path (h5mu, h5ad or zarr), a MuData, or what :func:`read` returns. ``model`` is what
:func:`train` or :func:`load` returns.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from multiome2vec import api_generate, keys
from multiome2vec.data.dataset import Dataset
from multiome2vec.data.device import AUTO
from multiome2vec.data.multiome import REFUSE
from multiome2vec.data.readers import open_dataset, read_dataset
from multiome2vec.data.splits import held_out
from multiome2vec.data.stamp import dataset_stamp, file_stamp
from multiome2vec.errors import UserError
from multiome2vec.io.embedding import embedding_object
from multiome2vec.presets import configure
from multiome2vec.tasks import embed as embedding
from multiome2vec.tasks import gene_embeddings as genes
from multiome2vec.tasks import impute as imputation
from multiome2vec.tasks import loadings as loading
from multiome2vec.tasks import match as matching
from multiome2vec.tasks import predict as prediction
from multiome2vec.tasks import reconstruct as reconstruction
from multiome2vec.tasks import saliency as salience
from multiome2vec.tasks.model import Model
from multiome2vec.tasks.train import train_model
from multiome2vec.training.settings import RunSettings

if TYPE_CHECKING:
    from anndata import AnnData
    from mudata import MuData

    Data = str | Path | MuData | Dataset

read = read_dataset
salient_regions = salience.salient_regions
generate, interpolate = api_generate.generate, api_generate.interpolate


def train(
    data: "Data",
    preset: str = "trivae",
    *,
    seed: int = 0,
    batch_key: str | None = keys.BATCH,
    split_by: str | None = None,
    backend: str = "auto",
    run: RunSettings | None = None,
    **settings,
) -> Model:
    """Train a model.

    Parameters
    ----------
    data
        Paired or mosaic.
    preset
        A name in ``multiome2vec.presets.REGISTRY.names()``.
    seed
        Of the weights, the split, the order of the cells and all draws.
    batch_key
        Column of ``obs`` that encoders and decoders are told of; None for none.
    split_by
        Column of ``obs``, such as the donor, whose groups are either learnt from or held out; by
        default a tenth of the cells of every batch is held out.
    backend
        Where sparse values are kept: ``auto``, ``memory``, ``backed`` or ``gpu``.
    run
        Device, precision, checkpoints. Training resumes from its ``checkpoint_dir``, which can be
        removed when the model is saved.
    settings
        Hyperparameters of the preset, such as ``latent=16``.

    Raises
    ------
    UserError
        If the preset or a setting is unknown, or the data lack what it needs.
    """
    hyper = configure(preset, settings)
    dataset, run = open_dataset(data), run or RunSettings()
    stamp = _stamp(data, dataset, batch_key) if run.checkpoint_dir else ""
    trained = train_model(
        dataset,
        hyper,
        seed=seed,
        batch_key=batch_key,
        run=run,
        split_by=split_by,
        backend=backend,
        key={"data": stamp},
    )
    return Model.from_trained(trained, preset=preset)


def load(folder: str | Path) -> Model:
    """Read a model from the folder that :func:`save` or the workflow wrote."""
    return Model.load(folder)


def save(model: Model, folder: str | Path) -> None:
    """Write a model: weights.safetensors, card.json, history.tsv and splits.tsv."""
    model.save(folder)


def embed(
    model: Model,
    data: "Data",
    *,
    sources: Sequence[str] | None = None,
    space: str = embedding.LATENT,
    unknown_batches: str = REFUSE,
    device: str = AUTO,
) -> "AnnData":
    """Place cells, see :func:`multiome2vec.tasks.embed.embed`: X is cells × dimensions."""
    dataset = open_dataset(data)
    values = embedding.embed(
        model.checkpoint,
        dataset,
        sources=sources,
        space=space,
        unknown_batches=unknown_batches,
        device=device,
    )
    seed, preset = model.card["seed"], model.card["preset"]
    return embedding_object(values, obs=dataset.obs, model=preset, seed=seed)


def impute(model: Model, data: "Data", out: str | Path, *, modality: str, **options) -> None:
    """Write expected values of a modality, see :func:`multiome2vec.tasks.impute.impute`."""
    dataset = open_dataset(data)
    imputation.impute(model.checkpoint, dataset, modality=modality, out=out, **options)


def predict(
    model: Model,
    data: "Data",
    *,
    source: str | None = None,
    target: str | None = None,
    out: str | Path | None = None,
    unknown_batches: str = REFUSE,
    device: str = AUTO,
) -> dict[str, dict]:
    """Score predictions on the cells that the model did not learn from.

    Parameters
    ----------
    source, target
        Modalities; by default every two measured ones.
    out
        Zarr folder or h5ad for the predicted values of these cells (accessibility: the largest
        twentieth of each cell); needs source and target.
    unknown_batches
        ``refuse`` or ``average``.
    device
        ``auto``, ``cpu`` or ``cuda``.

    Returns
    -------
    dict
        By ``{source}_to_{target}``, see :func:`multiome2vec.tasks.predict.predict`.
    """
    dataset = open_dataset(data)
    split = model.split(dataset.obs.index)
    options = {"unknown_batches": unknown_batches, "device": device}
    if (source is None) != (target is None) or (out is not None and source is None):
        raise UserError("Predicted values need both the source and the target.")
    if source is None:
        return prediction.predict_all(model.checkpoint, dataset, split, **options)
    pair = {"source": source, "target": target}
    scores = prediction.predict(model.checkpoint, dataset, split, **pair, **options)
    if out is not None:
        imputation.impute(
            model.checkpoint,
            dataset,
            held_out(split),
            modality=target,
            sources=[source],
            out=out,
            binarise=False,
            **options,
        )
    return {f"{source}_to_{target}": scores}


def reconstruct(model: Model, data: "Data", **options) -> reconstruction.Reconstruction:
    """Score the reconstruction of cells that the model did not learn from, seen and hidden.

    Parameters
    ----------
    options
        Of :func:`multiome2vec.tasks.reconstruct.reconstruct`: ``hidden``, ``seed``, ``device``.
    """
    dataset = open_dataset(data)
    split = model.split(dataset.obs.index)
    return reconstruction.reconstruct(model.checkpoint, dataset, split, **options)


def match(model: Model, data: "Data", **options) -> dict[str, dict]:
    """Score the matching of cells that the model did not learn from, between modalities.

    Parameters
    ----------
    options
        Of :func:`multiome2vec.tasks.match.match`.

    Returns
    -------
    dict
        By ``{left}_{right}`` for every two measured modalities.
    """
    dataset = open_dataset(data)
    split = model.split(dataset.obs.index)
    return matching.match_all(model.checkpoint, dataset, split, **options)


def loadings(
    model: Model, data: "Data", *, top: int = loading.N_MARKERS, device: str = AUTO
) -> tuple[loading.Loadings, pd.DataFrame]:
    """Compute loadings and markers, see :func:`multiome2vec.tasks.loadings.tables`.

    ``data`` are those of the training: its cells give the scale of the dimensions.
    """
    dataset = open_dataset(data)
    train_cells = _learnt_from(model, dataset)
    return loading.tables(model.checkpoint, dataset, train_cells, top=top, device=device)


def saliency(model: Model, data: "Data", **options) -> salience.Saliency:
    """Attribute the latent dimensions to features, see :mod:`multiome2vec.tasks.saliency`.

    ``data`` are those of the training.

    Parameters
    ----------
    options
        Of :func:`multiome2vec.tasks.saliency.saliency`: ``n_cells``, ``steps``, ``labels``,
        ``device``.

    Returns
    -------
    Saliency
        Tables ``share`` and ``effect``, features × dimensions. :func:`salient_regions` turns them
        into rows of a BED file.
    """
    dataset = open_dataset(data)
    cells = _learnt_from(model, dataset)
    return salience.saliency(model.checkpoint, dataset, cells, **options)


def gene_embeddings(model: Model, modality: str = keys.RNA) -> pd.DataFrame:
    """Name the rows of the decoder's last weight, see :mod:`multiome2vec.tasks.gene_embeddings`.

    Returns
    -------
    pandas.DataFrame
        Genes (or regions) × hidden units; of a linear decoder, × latent dimensions.
    """
    network = model.checkpoint.model
    if modality not in network.config.modalities:
        known = ", ".join(network.config.modalities)
        raise UserError(f"The model has no modality '{modality}': it was trained with {known}.")
    weight = loading.output_weight(network, modality)
    if loading.is_linear(network, modality):
        weight = weight[:, : network.config.latent]
    return genes.gene_embeddings(weight, model.checkpoint.names[modality])


def _learnt_from(model: Model, dataset: Dataset) -> np.ndarray:
    """Numbers of the cells that a model learnt from."""
    cells = model.split(dataset.obs.index).train
    if not len(cells):
        raise UserError("None of these cells was learnt from: give the data of the training.")
    return cells


def _stamp(data: "Data", dataset: Dataset, batch_key: str | None) -> str:
    """Digest of data in memory, or size and time of a file: changed data are not resumed."""
    if isinstance(data, str | Path):
        return file_stamp(data)
    columns = [name for name in (batch_key, keys.DONOR) if name in dataset.obs]
    return dataset_stamp(dataset, columns)
