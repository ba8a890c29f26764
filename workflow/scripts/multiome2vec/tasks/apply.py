"""A trained model applied to cells: posteriors and expected values, block by block."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from multiome2vec.data.cells import CellData
from multiome2vec.errors import UserError
from multiome2vec.models.batch import Batch
from multiome2vec.models.multimodal import MultimodalVAE

BLOCK = 256  # cells at a time


@dataclass(frozen=True)
class Inferred:
    """Posterior of some cells.

    Attributes
    ----------
    mean, variance
        [n, D], of the posterior.
    responsibilities
        [n, K] of a mixture prior's components, or None.
    """

    mean: np.ndarray
    variance: np.ndarray
    responsibilities: np.ndarray | None


def visible(model: MultimodalVAE, batch: Batch, sources: Sequence[str] | None) -> torch.Tensor:
    """Mask [B, M] of what is present of some modalities and of those derived from them."""
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
def infer(
    model: MultimodalVAE,
    data: CellData,
    cells: np.ndarray,
    *,
    sources: Sequence[str] | None = None,
) -> Inferred:
    """Posterior of each of ``cells`` given all that it has, or given some modalities alone.

    Cells that have none of ``sources`` get the prior.
    """
    device = next(model.parameters()).device
    model.eval()
    means, variances, shares = [], [], []
    for start in range(0, len(cells), BLOCK):
        batch = data.batch(cells[start : start + BLOCK], device)
        assigned = model.infer(batch, visible(model, batch, sources))
        means.append(assigned.mixture.mean.cpu())
        variances.append(assigned.mixture.variance.cpu())
        if assigned.responsibilities is not None:
            shares.append(assigned.responsibilities.cpu())
    return Inferred(
        torch.cat(means).numpy(),
        torch.cat(variances).numpy(),
        torch.cat(shares).numpy() if shares else None,
    )


@torch.no_grad()
def expected(
    model: MultimodalVAE,
    data: CellData,
    cells: np.ndarray,
    *,
    target: str,
    sources: Sequence[str] | None = None,
    library: float | None = None,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield expected values of a modality given the posterior mean of each cell, block by block.

    Parameters
    ----------
    target
        Modality to decode.
    sources
        Modalities to look at; None for all.
    library
        Sum of the expected counts of every cell; None for the cell's own, where it has any.

    Yields
    ------
    numpy.ndarray
        Cells of the block.
    numpy.ndarray
        [block, F] float32.
    """
    device = next(model.parameters()).device
    model.eval()
    for start in range(0, len(cells), BLOCK):
        index = cells[start : start + BLOCK]
        batch = data.batch(index, device)
        assigned = model.infer(batch, visible(model, batch, sources))
        depth = (
            model.target(target, batch)[1]
            if library is None
            else torch.full((len(index), 1), library, device=device)
        )
        values = model.expectation(
            target, assigned.mixture.mean, batch.covariate, depth, assigned.responsibilities
        )
        yield index, values.cpu().numpy()
