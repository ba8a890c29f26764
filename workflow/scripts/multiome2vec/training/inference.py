"""A trained model applied to cells."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from multiome2vec.data.cells import CHUNK, CellData
from multiome2vec.errors import UserError
from multiome2vec.models.batch import Batch
from multiome2vec.models.multimodal import MultimodalVAE


@dataclass(frozen=True)
class Latent:
    """Where some cells lie.

    Attributes
    ----------
    mean, variance
        Of the posteriors [N, D], float32.
    responsibilities
        Share of each component of the prior in each cell [N, K]; None if the prior has none.
    divergence
        KL divergence of each posterior from the prior [N], in nats.
    """

    mean: np.ndarray
    variance: np.ndarray
    responsibilities: np.ndarray | None = None
    divergence: np.ndarray | None = None


def visible(model: MultimodalVAE, batch: Batch, sources: Sequence[str] | None) -> torch.Tensor:
    """Mask [B, M] of what is present of some modalities and of those derived from them.

    Raises
    ------
    UserError
        If the model has no such modality.
    """
    if sources is None:
        return batch.present
    specs = model.config.modalities
    unknown = [name for name in sources if name not in specs]
    if unknown:
        raise UserError(
            f"The model has no modality '{unknown[0]}': it was trained with {', '.join(specs)}."
        )
    seen = [name in sources or spec.derived_from in sources for name, spec in specs.items()]
    return batch.present & torch.tensor(seen, device=batch.present.device)


@torch.no_grad()
def latent(
    model: MultimodalVAE,
    data: CellData,
    cells: np.ndarray,
    *,
    sources: Sequence[str] | None = None,
) -> Latent:
    """Posterior of each cell given all it has, or some modalities alone, in the order of ``cells``.

    Cells that have none of ``sources`` get the prior.
    """
    device = next(model.parameters()).device
    model.eval()
    means, variances, shares, divergences = [], [], [], []
    for _, batch in data.batches(cells, size=CHUNK, device=device):
        assigned = model.infer(batch, visible(model, batch, sources))
        means.append(assigned.mixture.mean.cpu())
        variances.append(assigned.mixture.variance.cpu())
        divergences.append(sum(assigned.kl.values()).cpu())
        if assigned.responsibilities is not None:
            shares.append(assigned.responsibilities.cpu())
    return Latent(
        torch.cat(means).numpy(),
        torch.cat(variances).numpy(),
        torch.cat(shares).numpy() if shares else None,
        torch.cat(divergences).numpy(),
    )
