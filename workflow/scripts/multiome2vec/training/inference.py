"""A trained model applied to cells."""

import numpy as np
import torch

from multiome2vec.data.cells import CHUNK, CellData
from multiome2vec.data.sampling import index_batches
from multiome2vec.models.multimodal import MultimodalVAE


@torch.no_grad()
def posterior_means(model: MultimodalVAE, data: CellData, cells: np.ndarray) -> np.ndarray:
    """Mean of the posterior of each cell given every modality it has.

    Returns
    -------
    numpy.ndarray
        Cells × latent, float32, in the order of ``cells``.
    """
    device = next(model.parameters()).device
    model.eval()
    means = [
        model.posterior(data.batch(index, device)).mean.cpu()
        for index in index_batches(cells, size=CHUNK)
    ]
    return torch.cat(means).numpy()
