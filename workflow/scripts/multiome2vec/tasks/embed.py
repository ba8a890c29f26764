"""Embedding of all cells of a dataset by a trained model."""

from typing import TYPE_CHECKING

import numpy as np

from multiome2vec.data.device import choose_device
from multiome2vec.data.features import check_features
from multiome2vec.data.multiome import cell_data
from multiome2vec.training.checkpoint import Checkpoint
from multiome2vec.training.inference import latent

if TYPE_CHECKING:
    from mudata import MuData


def embed(checkpoint: Checkpoint, mdata: "MuData") -> np.ndarray:
    """Posterior mean of each cell given every modality it has.

    Returns
    -------
    numpy.ndarray
        Cells × latent, float32, in the order of ``mdata.obs``.

    Raises
    ------
    ContractError
        If the data have other modalities or features than the model was trained on.
    """
    card, features = checkpoint.card, checkpoint.features
    digests = {name: entry["digest"] for name, entry in card["features"].items()}
    check_features(mdata, features=features, digests=digests)
    data = cell_data(
        mdata,
        features=features,
        batches=card["batches"],
        batch_key=card["batch_key"],
        dense=True,
    )
    model = checkpoint.model.to(choose_device())
    return latent(model, data, np.arange(len(data))).mean
