"""New cells: draws from the prior, and the way from one cell to another."""

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from multiome2vec.data.cells import CHUNK
from multiome2vec.errors import UserError
from multiome2vec.models.multimodal import MultimodalVAE


@torch.no_grad()
def generate(
    model: MultimodalVAE,
    n_cells: int,
    *,
    libraries: dict[str, float],
    seed: int,
    batch: int | None = None,
) -> tuple[np.ndarray, dict[str, sparse.csr_matrix]]:
    """Draw cells: z from the prior, libraries, values from the likelihoods, block by block.

    Parameters
    ----------
    libraries
        Sum of the expected counts of a cell, by modality. Latent libraries that are not given are
        drawn, one for each cell, from their prior N(m, s²) of log ℓ.
    batch
        Number of the batch to imitate; None for the average of all.

    Returns
    -------
    numpy.ndarray
        [n, D] latent variables.
    dict
        [n, F] values by modality.

    Raises
    ------
    UserError
        If there is no such batch, or nothing to draw.
    """
    if n_cells < 1:
        raise UserError(f"{n_cells} cells cannot be generated: ask for at least one.")
    model.eval()
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    points = model.prior.sample(n_cells, generator).to(device)
    blocks: dict[str, list] = {name: [] for name in model.config.modalities}
    for z in points.split(CHUNK):
        covariate = covariate_rows(model, len(z), batch).to(device)
        shares = model.prior.responsibilities(z)
        for name, parts in blocks.items():
            outputs = model.outputs(name, z, covariate, shares)
            library = _library(model, name, z, libraries, generator)
            drawn = model.likelihoods[name].sample(outputs, library, generator)
            parts.append(sparse.csr_matrix(drawn.cpu().numpy()))
    values = {name: sparse.csr_matrix(sparse.vstack(parts)) for name, parts in blocks.items()}
    return points.cpu().numpy(), values


@torch.no_grad()
def interpolate(
    model: MultimodalVAE,
    start: np.ndarray,
    end: np.ndarray,
    *,
    steps: int,
    libraries: dict[str, float],
    batch: int | None = None,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Compute expected values on the straight line between two points of the latent space.

    Parameters
    ----------
    start, end
        [D], such as the posterior means of two cells.
    steps
        Points, the two ends included.
    libraries
        Sum of the expected counts of a cell, by modality.
    batch
        As in :func:`generate`.

    Returns
    -------
    numpy.ndarray
        [steps, D] latent variables.
    dict
        [steps, F] expected values by modality.
    """
    if steps < 2:
        raise UserError(f"A path of {steps} points has not both ends: ask for at least 2 steps.")
    model.eval()
    device = next(model.parameters()).device
    path = np.linspace(start, end, steps, dtype=np.float32)
    z = torch.from_numpy(path).to(device)
    covariate = covariate_rows(model, steps, batch).to(device)
    shares = model.prior.responsibilities(z)
    values = {}
    for name in model.config.modalities:
        library = _constant(z, libraries[name])
        values[name] = model.expectation(name, z, covariate, library, shares).cpu().numpy()
    return path, values


def covariate_rows(model: MultimodalVAE, n_cells: int, batch: int | None) -> Tensor:
    """One-hot rows [n, C] of one batch, or the average of all batches."""
    n_batches = model.config.n_batches
    if batch is None:
        return torch.full((n_cells, n_batches), 1 / max(n_batches, 1))
    if not 0 <= batch < n_batches:
        raise UserError(f"There is no batch number {batch}: the model knows {n_batches}, from 0.")
    return torch.eye(n_batches)[[batch] * n_cells]


def _library(
    model: MultimodalVAE,
    name: str,
    z: Tensor,
    libraries: dict[str, float],
    generator: torch.Generator,
) -> Tensor:
    """Library of each cell [B, 1]: as given, or drawn."""
    if name in libraries or name not in model.libraries:
        return _constant(z, libraries[name])
    return model.libraries[name].sample(len(z), generator).to(z.device)


def _constant(z: Tensor, value: float) -> Tensor:
    return torch.full((len(z), 1), float(value), device=z.device)
