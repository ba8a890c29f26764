"""A trained model applied to cells."""

from dataclasses import dataclass

import numpy as np
import torch

from multiome2vec.data.cells import CHUNK, CellData
from multiome2vec.data.sampling import index_batches
from multiome2vec.models.multimodal import MultimodalVAE


@dataclass(frozen=True)
class Latent:
    """Where some cells lie.

    Attributes
    ----------
    mean
        Posterior means [N, D], float32.
    responsibilities
        Share of each component of the prior in each cell [N, K]; None if the prior has none.
    """

    mean: np.ndarray
    responsibilities: np.ndarray | None = None


@torch.no_grad()
def latent(model: MultimodalVAE, data: CellData, cells: np.ndarray) -> Latent:
    """Posterior of each cell given every modality it has, in the order of ``cells``.

    Responsibilities are there if the model's prior has a method ``responsibilities(posterior)``.
    """
    device = next(model.parameters()).device
    assign = getattr(model.prior, "responsibilities", None)
    model.eval()
    means, shares = [], []
    for index in index_batches(cells, size=CHUNK):
        posterior = model.posterior(data.batch(index, device))
        means.append(posterior.mean.cpu())
        if assign is not None:
            shares.append(assign(posterior).cpu())
    return Latent(torch.cat(means).numpy(), torch.cat(shares).numpy() if shares else None)


def posterior_means(model: MultimodalVAE, data: CellData, cells: np.ndarray) -> np.ndarray:
    """Mean of the posterior of each cell given every modality it has.

    Returns
    -------
    numpy.ndarray
        Cells × latent, float32, in the order of ``cells``.
    """
    return latent(model, data, cells).mean
