"""What a trained model says of cells, block by block."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from scipy import sparse
from torch import Tensor

from multiome2vec.data.cells import CHUNK, CellData
from multiome2vec.data.dataset import Dataset, Source, as_dataset
from multiome2vec.data.device import AUTO
from multiome2vec.data.features import find_features
from multiome2vec.data.multiome import REFUSE, cell_data
from multiome2vec.data.stores import MemoryStore
from multiome2vec.errors import ContractError, UserError
from multiome2vec.models.batch import Batch
from multiome2vec.models.config import CONTINUOUS
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.models.subsets import group_masks
from multiome2vec.training.checkpoint import Checkpoint
from multiome2vec.training.inference import visible

if TYPE_CHECKING:
    from mudata import MuData

logger = logging.getLogger(__name__)
PER = 1e4  # counts of a cell that expected counts are scaled to


def prepare(
    checkpoint: Checkpoint,
    data: "MuData | Dataset",
    *,
    unknown_batches: str = REFUSE,
    backend: str = "auto",
    device: str = AUTO,
) -> CellData:
    """Bring a dataset, that of the training or another one, into the form a model knows.

    Features are found by name. Modalities of the model that the dataset lacks count as missing in
    all cells; those that the model does not know are left out.

    Parameters
    ----------
    data
        Paired or mosaic, in memory or in a file.
    unknown_batches
        ``refuse`` cells of batches that the model does not know, or ``average``: encoders and
        decoders are told of all its batches in equal shares.
    backend
        See :func:`multiome2vec.data.stores.choose_backend`.
    device
        Name of the device that the model is on.

    Raises
    ------
    ContractError
        If the dataset has none of the model's modalities, a feature is missing, or values are of
        another kind (continuous, not counts).
    UserError
        If a batch is unknown and not to be averaged.
    """
    data, card = as_dataset(data), checkpoint.card
    columns = find_features(data, features=checkpoint.features, names=checkpoint.names)
    if not columns:
        raise ContractError(
            f"The model was trained with {', '.join(checkpoint.features)}; this dataset has none "
            f"of them (it has {', '.join(data.modalities)})."
        )
    kinds = {name: entry["kind"] for name, entry in card["features"].items()}
    sources = dict(data.modalities)
    for name, names in checkpoint.names.items():
        if name not in columns:
            logger.warning("The dataset has no %s: it counts as missing in all cells", name)
            columns[name] = np.arange(len(names))
            sources[name] = _absent(kinds[name], names, n_cells=len(data.obs))
        elif sources[name].kind != kinds[name]:
            raise ContractError(
                f"The model was trained on {kinds[name]} of {name}, but this dataset holds "
                f"{sources[name].kind} values. Name the layer that has them."
            )
    return cell_data(
        Dataset(data.obs, sources),
        features={name: columns[name] for name in checkpoint.features},
        batches=card["batches"],
        batch_key=card["batch_key"],
        backend=backend,
        device=device,
        unknown_batches=unknown_batches,
    )


def _absent(kind: str, names: pd.Index, *, n_cells: int) -> Source:
    """Return a modality that no cell has."""
    nothing = MemoryStore.from_matrix(sparse.csr_matrix((0, len(names)), dtype=np.uint8))
    return Source(kind, nothing, np.full(n_cells, -1), pd.DataFrame(index=names))


def holding(data: CellData, cells: np.ndarray, *names: str) -> np.ndarray:
    """Those of some cells that have all the modalities named."""
    there = [data.modalities[name].rows[cells] >= 0 for name in names]
    return cells[np.logical_and.reduce(there)]


def measured(model: MultimodalVAE) -> list[str]:
    """Modalities that were not derived from others."""
    specs = model.config.modalities
    return [name for name, spec in specs.items() if spec.derived_from is None]


def root(model: MultimodalVAE, name: str) -> str:
    """Name the measured modality that a modality is, or was derived from.

    Raises
    ------
    UserError
        If the model has no such modality.
    """
    specs = model.config.modalities
    if name not in specs:
        raise UserError(
            f"The model has no modality '{name}': it was trained with {', '.join(specs)}."
        )
    return specs[name].derived_from or name


@torch.no_grad()
def expected(
    model: MultimodalVAE,
    data: CellData,
    cells: np.ndarray,
    *,
    target: str,
    sources: Sequence[str] | None = None,
    library: float | None = None,
    inflation: bool = True,
    hide: Callable[[np.ndarray, Batch], Batch] | None = None,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield expected values of a modality given the posterior mean of each cell, block by block.

    Parameters
    ----------
    target
        Modality to decode.
    sources
        Modalities to look at, with those derived from them; None for all.
    library
        Sum of the expected counts of every cell; None for the cell's own (at least 1).
    inflation
        Whether zero inflation counts; without it, of zero-inflated likelihoods the mean of the
        counts that are inflated.
    hide
        What the encoders see of some cells and their batch; None for all of it.

    Yields
    ------
    numpy.ndarray
        Cells of the block.
    numpy.ndarray
        [block, F] float32.
    """
    device = next(model.parameters()).device
    model.eval()
    likelihood = model.likelihoods[target]
    mean = likelihood.mean if inflation else getattr(likelihood, "rate", likelihood.mean)
    for index, batch in data.batches(cells, size=CHUNK, device=device):
        seen = batch if hide is None else hide(index, batch)
        assigned = model.infer(seen, visible(model, batch, sources))
        depth = (
            model.target(target, batch)[1]
            if library is None
            else torch.full((len(index), 1), library, device=device)
        )
        outputs = model.outputs(
            target, assigned.mixture.mean, batch.covariate, assigned.responsibilities
        )
        yield index, mean(outputs, depth).float().cpu().numpy()


@torch.no_grad()
def projected(
    model: MultimodalVAE,
    data: CellData,
    cells: np.ndarray,
    *,
    sources: Sequence[str] | None = None,
) -> np.ndarray:
    """Place cells in the space of a contrastive objective.

    Each source of evidence that a cell has is projected by its head from the mean of the posterior
    given this source alone; the mean of the projections is brought to length 1.

    Parameters
    ----------
    sources
        Modalities to look at; None for all.

    Returns
    -------
    numpy.ndarray
        [N, projection] float32, in the order of ``cells``; 0 for cells that have none of them.

    Raises
    ------
    UserError
        If the model has no projection heads.
    """
    if not len(model.projections):
        raise UserError(
            "The model has no projection heads: only presets with contrastive terms have "
            "(setting 'projection'). Use the space 'latent'."
        )
    device = next(model.parameters()).device
    model.eval()
    rows = [
        _projections(model, replace(batch, present=visible(model, batch, sources)))
        for _, batch in data.batches(cells, size=CHUNK, device=device)
    ]
    return torch.cat(rows).cpu().numpy()


def _projections(model: MultimodalVAE, batch: Batch) -> Tensor:
    """Project the modalities present to unit vectors [B, projection]."""
    evidence, total = model.encode(batch), 0.0
    masks = group_masks(model.config, batch.present)
    for head, mask in zip(model.projections, masks, strict=True):
        total = total + head(model.fuse(evidence, mask).mean) * mask.any(dim=1, keepdim=True)
    return torch.nn.functional.normalize(total, dim=-1)


def unit(model: MultimodalVAE, data: CellData, name: str, *, library: float = PER) -> str:
    """Say what the expected values of a modality are."""
    spec = model.config.modalities[name]
    if spec.target != "counts":
        return f"transformed: {spec.transform}"
    if data.modalities[name].kind == CONTINUOUS:
        return "as in the data"
    if spec.likelihood == "bernoulli":
        return "probability of being open"
    return f"counts per {library:g} of the modelled features"
