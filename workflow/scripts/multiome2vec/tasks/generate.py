"""New cells: draws from the prior, and the way from one cell to another."""

import numpy as np
import torch

from multiome2vec.models.multimodal import MultimodalVAE


@torch.no_grad()
def generate(
    model: MultimodalVAE,
    n_cells: int,
    *,
    libraries: dict[str, float],
    seed: int,
    batch: int | None = None,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Draw cells: z from the prior, values from the likelihoods.

    Parameters
    ----------
    libraries
        Sum of the counts of a cell, by modality.
    batch
        Code of the batch to imitate; None for the average of all.

    Returns
    -------
    numpy.ndarray
        [n, D] latent variables.
    dict
        [n, F] values by modality.
    """
    model.eval()
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    z = model.prior.sample(n_cells, generator).to(device)
    covariate = covariate_rows(model, n_cells, batch).to(device)
    values = {}
    for name in model.config.modalities:
        library = torch.full((n_cells, 1), libraries.get(name, 1.0), device=device)
        outputs = model.outputs(name, z, covariate, model.prior.responsibilities(z))
        values[name] = model.likelihoods[name].sample(outputs, library, generator).cpu().numpy()
    return z.cpu().numpy(), values


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
    libraries, batch
        As in :func:`generate`.

    Returns
    -------
    numpy.ndarray
        [steps, D] latent variables.
    dict
        [steps, F] expected values by modality.
    """
    model.eval()
    device = next(model.parameters()).device
    path = np.linspace(start, end, steps, dtype=np.float32)
    z = torch.from_numpy(path).to(device)
    covariate = covariate_rows(model, steps, batch).to(device)
    values = {}
    for name in model.config.modalities:
        library = torch.full((steps, 1), libraries.get(name, 1.0), device=device)
        mean = model.expectation(name, z, covariate, library, model.prior.responsibilities(z))
        values[name] = mean.cpu().numpy()
    return path, values


def covariate_rows(model: MultimodalVAE, n_cells: int, batch: int | None) -> torch.Tensor:
    """One-hot rows [n, C] of one batch, or the average of all batches."""
    n_batches = model.config.n_batches
    if batch is None:
        return torch.full((n_cells, n_batches), 1 / max(n_batches, 1))
    return torch.eye(n_batches)[[batch] * n_cells]
