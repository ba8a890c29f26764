"""Statistics of the training cells that a model keeps as buffers."""

import numpy as np
import torch

from multiome2vec.data.cells import CHUNK, CellData
from multiome2vec.data.sampling import index_batches
from multiome2vec.models.multimodal import Encoder, MultimodalVAE
from multiome2vec.models.transforms import FeatureStatistics


def fit_statistics(model: MultimodalVAE, data: CellData, cells: np.ndarray) -> None:
    """Set transforms, likelihoods and the standardisation of inputs from the training cells.

    Parameters
    ----------
    model
        On the CPU.
    cells
        Indices of the training cells.
    """
    for name, modality in data.modalities.items():
        raw = modality.statistics(cells)
        encoder = model.encoders[name]
        encoder.transform.fit(raw)
        encoder.standardise.fit(_transformed(encoder, data, cells))
        model.likelihoods[name].fit(raw)


def _transformed(encoder: Encoder, data: CellData, cells: np.ndarray) -> FeatureStatistics:
    """Statistics of the transformed values of a modality, one batch of cells at a time."""
    name = encoder.name
    there = cells[data.modalities[name].rows[cells] >= 0]
    count = total = square = np.zeros(data.modalities[name].shape.n_features)
    for index in index_batches(there, size=CHUNK):
        batch = data.batch(index, torch.device("cpu"))
        x = encoder.transformed(batch).numpy().astype(np.float64)
        defined = np.ones_like(x)
        if name in batch.defined:
            defined = batch.defined[name].numpy()
        count = count + defined.sum(axis=0)
        total = total + (x * defined).sum(axis=0)
        square = square + (x**2 * defined).sum(axis=0)
    return FeatureStatistics.from_sums(len(there), count=count, total=total, square=square)
