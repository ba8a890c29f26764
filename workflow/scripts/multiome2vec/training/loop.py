"""The training loop."""

import copy
import logging
import math
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch

from multiome2vec.data.cells import CHUNK, CellData
from multiome2vec.data.sampling import index_batches
from multiome2vec.data.splits import Split
from multiome2vec.errors import UserError
from multiome2vec.models.config import Optimisation
from multiome2vec.models.elbo import LossOutput, negative_elbo, subset_elbo
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.training.inference import posterior_means

logger = logging.getLogger(__name__)

GRADIENT_NORM = 1.0  # largest norm of the gradient of the loss per feature
LOG_EVERY = 10  # epochs
PLATEAU = {"factor": 0.5, "patience": 6}  # halve the learning rate after so many epochs
ACTIVE = 0.01  # variance over cells from which a latent variable is active (Burda et al. 2016)
MIN_UNITS = 2  # fewer active latent variables are called a collapse


@dataclass(frozen=True)
class Fit:
    """Result of a training.

    Attributes
    ----------
    history
        One row per epoch: terms of the training and validation losses in nats per cell, KL weight
        and learning rate.
    best_epoch
        Epoch (from 1) whose weights the model has.
    active_units
        Latent variables whose posterior mean varies over the validation cells.
    """

    history: list[dict[str, float]]
    best_epoch: int
    active_units: int


class BestWeights:
    """Copy of the weights at the lowest loss so far."""

    def __init__(self) -> None:
        self.loss = math.inf
        self.epoch = 0
        self._state: dict[str, torch.Tensor] = {}

    def update(self, model: torch.nn.Module, *, loss: float, epoch: int) -> None:
        """Keep a copy of the weights if ``loss`` is the lowest."""
        if loss < self.loss:
            self.loss, self.epoch = loss, epoch
            self._state = copy.deepcopy(model.state_dict())

    def restore(self, model: torch.nn.Module) -> None:
        """Give the kept weights back to the model."""
        model.load_state_dict(self._state)


def fit(
    model: MultimodalVAE,
    data: CellData,
    split: Split,
    *,
    optimisation: Optimisation,
    generator: torch.Generator,
) -> Fit:
    """Train a model in place; it ends with the weights of its best epoch.

    The best epoch has the lowest validation loss, a negative ELBO with β = 1 whatever the KL
    weight of that epoch is. Patience counts from the end of the KL warm-up.

    Parameters
    ----------
    model
        Its statistics set from the training cells, on the device to train on.
    generator
        Random numbers (CPU) for order, subsets and latent draws. Dropout uses torch's global one.

    Raises
    ------
    UserError
        If the loss is not finite; the message names epoch and batch.
    """
    seed = generator.initial_seed()
    rng = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(
        model.parameters(),
        lr=optimisation.learning_rate,
        weight_decay=optimisation.weight_decay,
        fused=True,
    )
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, **PLATEAU)
    warmup = max(optimisation.kl_warmup_epochs, 1)
    best, history, start = BestWeights(), [], time.monotonic()
    for epoch in range(1, optimisation.max_epochs + 1):
        kl_weight = min(1.0, epoch / warmup)
        row = {"epoch": epoch, "kl_weight": kl_weight, "lr": optimiser.param_groups[0]["lr"]}
        batches = index_batches(split.train, size=optimisation.batch_size, rng=rng)
        steps = _steps(model, data, batches, optimiser, kl_weight=kl_weight, generator=generator)
        row |= {f"train_{name}": value for name, value in _average(steps, epoch=epoch).items()}
        validated = validation_loss(model, data, split.validation, seed=seed)
        row |= {f"val_{name}": value for name, value in validated.items()}
        history.append(row)
        best.update(model, loss=validated["loss"], epoch=epoch)
        if epoch % LOG_EVERY == 0:
            _log_epoch(row, seconds=time.monotonic() - start)
        if epoch >= warmup:
            plateau.step(validated["loss"])
            if epoch - max(best.epoch, warmup) >= optimisation.patience:
                break
    best.restore(model)
    units = active_units(posterior_means(model, data, split.validation))
    logger.info(
        "Stopped after epoch %d, best epoch %d: validation loss %.2f, %d active latent variables.",
        len(history),
        best.epoch,
        best.loss,
        units,
    )
    if units < MIN_UNITS:
        logger.warning("The latent space has collapsed: %d variables carry information.", units)
    return Fit(history, best.epoch, units)


def _steps(
    model: MultimodalVAE,
    data: CellData,
    batches: Iterable[np.ndarray],
    optimiser: torch.optim.Optimizer,
    *,
    kl_weight: float,
    generator: torch.Generator,
) -> Iterable[tuple[int, LossOutput]]:
    """Take one optimiser step per batch and yield its number of cells and its loss."""
    n_features = sum(spec.n_features for spec in model.config.modalities.values())
    device = next(model.parameters()).device
    model.train()
    for index in batches:
        output = subset_elbo(
            model, data.batch(index, device), kl_weight=kl_weight, generator=generator
        )
        optimiser.zero_grad()
        (output.total / n_features).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), GRADIENT_NORM)
        yield len(index), output
        optimiser.step()


def _average(steps: Iterable[tuple[int, LossOutput]], *, epoch: int) -> dict[str, float]:
    """Mean over cells of the loss and its terms; stop at a loss that is not finite."""
    sums: dict[str, float] = defaultdict(float)
    n_cells = 0
    for number, (size, output) in enumerate(steps, start=1):
        if not torch.isfinite(output.total):
            terms = ", ".join(f"{name} = {float(value):g}" for name, value in output.terms.items())
            raise UserError(
                f"The loss is not finite in epoch {epoch}, batch {number} ({terms}). Lower the "
                "model's learning_rate, and look for extreme values in the input."
            )
        n_cells += size
        for name, value in {"loss": output.total.detach(), **output.terms}.items():
            sums[name] += size * float(value)
    return {name: value / n_cells for name, value in sums.items()}


@torch.no_grad()
def validation_loss(
    model: MultimodalVAE, data: CellData, cells: np.ndarray, *, seed: int
) -> dict[str, float]:
    """Negative ELBO with β = 1 of everything present, and its terms, in nats per cell.

    The latent draws are the same at every call with the same seed.
    """
    generator = torch.Generator().manual_seed(seed)
    device = next(model.parameters()).device
    model.eval()

    def outputs() -> Iterable[tuple[int, LossOutput]]:
        for index in index_batches(cells, size=CHUNK):
            batch = data.batch(index, device)
            noise = torch.randn((len(index), model.config.latent), generator=generator)
            yield (
                len(index),
                negative_elbo(
                    model,
                    batch,
                    experts=model.encode(batch),
                    mask=batch.present,
                    noise=noise.to(device),
                    kl_weight=1.0,
                ),
            )

    return _average(outputs(), epoch=0)


def active_units(means: np.ndarray) -> int:
    """Count the latent variables whose posterior mean varies over cells."""
    return int((means.var(axis=0) > ACTIVE).sum())


def _log_epoch(row: dict[str, float], *, seconds: float) -> None:
    logger.info(
        "epoch %d: training loss %.2f, validation loss %.2f, KL %.2f, rate %.1e (%.0f s)",
        row["epoch"],
        row["train_loss"],
        row["val_loss"],
        row["val_kl"],
        row["lr"],
        seconds,
    )
