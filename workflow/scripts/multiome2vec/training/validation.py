"""The loss that chooses the epoch: it does not depend on any schedule."""

from collections.abc import Mapping

import numpy as np
import torch

from multiome2vec.data.cells import CHUNK, CellData
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.objectives.objective import validation_elbo
from multiome2vec.training.distributed import Group
from multiome2vec.training.meter import Meter


@torch.no_grad()
def validation_loss(
    model: MultimodalVAE,
    data: CellData,
    cells: np.ndarray,
    *,
    seed: int,
    epoch: int = 0,
    group: Group | None = None,
    beta: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Negative ELBO of everything present with fixed weights, and its terms, in nats per cell.

    The latent draws are the same at every call with the same seed, whatever the group's size.

    Parameters
    ----------
    epoch
        For the message if a value is not finite.
    group
        Processes that share the work; this one alone if None.
    beta
        Weights of the divergences by name; 1 for those that are not given.
    """
    group = group or Group()
    device = next(model.parameters()).device
    meter = Meter(epoch)
    model.eval()
    order = list(enumerate(data.order(cells, size=CHUNK)))[group.rank :: group.size]
    batches = data.stream([index for _, index in order], device)
    for (number, index), batch in zip(order, batches, strict=True):
        generator = torch.Generator().manual_seed(seed + number)
        output = validation_elbo(model, batch, generator=generator, beta=beta or {})
        meter.add(output, number=number + 1, cells=index)
    return meter.mean(group)
