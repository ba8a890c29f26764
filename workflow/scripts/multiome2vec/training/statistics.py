"""Statistics of the training cells that a model keeps as buffers."""

import numpy as np

from multiome2vec.data.cells import CHUNK, CellData
from multiome2vec.data.device import CPU
from multiome2vec.models.coders import Encoder
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.models.transforms import FeatureStatistics
from multiome2vec.nn.sparse_rows import SparseRows, densify


def fit_statistics(
    model: MultimodalVAE, data: CellData, cells: np.ndarray
) -> dict[str, FeatureStatistics]:
    """Set transforms, standardisation, likelihoods and libraries from the training cells.

    Parameters
    ----------
    model
        On the CPU.
    cells
        Sorted indices of the training cells. No other cell has an influence.

    Returns
    -------
    dict
        Statistics of the raw values by modality; each is read once for them, and once more if its
        transformed values are standardised or reconstructed.
    """
    statistics = {}
    for name, spec in model.config.modalities.items():
        modality = data.modalities[name]
        there = cells[modality.rows[cells] >= 0]
        raw = statistics[name] = modality.statistics(there)
        encoder, likelihood = model.encoders[name], model.likelihoods[name]
        encoder.transform.fit(raw)
        transformed = None
        if spec.standardise or spec.target == "transformed":
            transformed = _transformed(encoder, data, there)
        if spec.standardise:
            encoder.standardise.fit(transformed)
        likelihood.fit(transformed if spec.target == "transformed" else raw)
        if name in model.libraries:
            model.libraries[name].fit(*raw.given("log_library"))
    return statistics


def _transformed(encoder: Encoder, data: CellData, cells: np.ndarray) -> FeatureStatistics:
    """Statistics of the transformed values of a modality over cells that have it."""
    name = encoder.name
    n_features = data.modalities[name].shape.n_features
    count, total, square = (np.zeros(n_features) for _ in range(3))
    for _, batch in data.batches(cells, size=CHUNK, device=CPU):
        x = encoder.transformed(batch)
        if isinstance(x, SparseRows):
            columns, values = x.columns.numpy(), x.values.numpy().astype(np.float64)
            count += len(x)
            total += np.bincount(columns, values, minlength=n_features)
            square += np.bincount(columns, values**2, minlength=n_features)
        else:
            dense = densify(x).numpy().astype(np.float64)
            defined = batch.defined[name].numpy() if name in batch.defined else np.ones_like(dense)
            count += defined.sum(axis=0)
            total += (dense * defined).sum(axis=0)
            square += (dense**2 * defined).sum(axis=0)
    return FeatureStatistics.from_sums(len(cells), count=count, total=total, square=square)
