"""What a trained model expects of cells, block by block."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from multiome2vec.data.cells import CHUNK, CellData
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.training.inference import visible


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
    for index, batch in data.batches(cells, size=CHUNK, device=device):
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
