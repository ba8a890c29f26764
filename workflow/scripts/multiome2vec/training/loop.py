"""The training loop."""

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field

import numpy as np
import torch

from multiome2vec.data.cells import CellData
from multiome2vec.data.splits import Split
from multiome2vec.models.batch import Batch
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.objectives.elbo import LossOutput
from multiome2vec.provenance import source_digest
from multiome2vec.training.backend import autocast, prepare
from multiome2vec.training.distributed import Group, join
from multiome2vec.training.inference import latent
from multiome2vec.training.interrupt import Interrupted, StopRequest
from multiome2vec.training.monitors import Monitor, observe, warn_of_collapse
from multiome2vec.training.optimiser import LearningRate, clip_gradients, make_optimiser
from multiome2vec.training.report import Report
from multiome2vec.training.reseed import count_idle, longest_dead, reseed
from multiome2vec.training.resume import Store, digest
from multiome2vec.training.schedules import weights_at
from multiome2vec.training.settings import Optimisation, RunSettings
from multiome2vec.training.state import State
from multiome2vec.training.validation import validation_loss
from multiome2vec.training.weights import MovingAverage

logger = logging.getLogger(__name__)

RESULT = ("precision", "compile", "deterministic")  # settings of a run that change its bits

#: objective(model, batch, *, weights, generator); ``weights`` are those of the named schedules
Objective = Callable[..., LossOutput]


@dataclass(frozen=True)
class Context:
    """What a caller knows about a training that the loop cannot.

    Attributes
    ----------
    key
        Digests of what else decides the result (data, code) by name: a saved state is resumed only
        if they are the same.
    stage
        Name of this training among those of a model.
    earlier
        Histories of the stages before by name, for the file of metrics.
    barcodes
        Of the cells, for messages.
    monitors
        Further numbers of the history, see :data:`~multiome2vec.training.monitors.Monitor`.
    """

    key: Mapping[str, str] = field(default_factory=dict)
    stage: str = "joint"
    earlier: Mapping[str, Sequence[Mapping]] = field(default_factory=dict)
    barcodes: Sequence[str] | None = None
    monitors: Sequence[Monitor] = ()


@dataclass(frozen=True)
class Fit:
    """Result of a training.

    Attributes
    ----------
    history
        One row per epoch: terms of the training and validation losses in nats per cell, weights
        of the schedules (``<name>_weight``), learning rate and monitors
        (:func:`~multiome2vec.training.monitors.observe`).
    best_epoch
        Epoch (from 1) whose weights the model has.
    active_units
        Latent variables whose posterior mean varies over the validation cells, in that epoch.
    """

    history: list[dict[str, float]]
    best_epoch: int
    active_units: int


@dataclass(frozen=True)
class Plan:
    """What stays the same during a training."""

    data: CellData
    split: Split
    objective: Objective
    optimisation: Optimisation
    settings: RunSettings
    context: Context
    group: Group
    device: torch.device
    seed: int

    def steps(self, order: np.random.Generator) -> list[np.ndarray]:
        """Cells of every step of an epoch, of all processes together."""
        passes = self.optimisation.accumulation * self.group.size
        size = self.optimisation.batch_size * passes
        return self.data.order(self.split.train, size=size, rng=order)

    def parts(self, cells: np.ndarray) -> list[np.ndarray]:
        """Cells of this process's forward passes of a step."""
        passes = self.optimisation.accumulation * self.group.size
        return [part for part in self.group.share(np.array_split(cells, passes)) if len(part)]

    def key(self, model: MultimodalVAE) -> dict[str, str]:
        """Digest of everything that decides the result, by what it is of."""
        optimisation = asdict(self.optimisation)
        if self.optimisation.lr_schedule != "cosine":
            del optimisation["max_epochs"]  # more epochs continue the same training
        run = {name: getattr(self.settings, name) for name in RESULT}
        return {
            "model": digest(model.config.to_dict()),
            "optimisation": digest(optimisation),
            "cells": digest([self.split.train.tolist(), self.split.validation.tolist()]),
            "seed": str(self.seed),
            "run": digest([run, self.device.type, self.group.size, torch.__version__]),
            "order": self.data.shuffle,
            "code": source_digest(__name__),
            "stage": self.context.stage,
            **self.context.key,
        }


def fit(
    model: MultimodalVAE,
    data: CellData,
    split: Split,
    *,
    objective: Objective,
    optimisation: Optimisation,
    settings: RunSettings,
    seed: int,
    generator: torch.Generator,
    context: Context | None = None,
) -> Fit:
    """Train a model in place; it ends with the weights of its best epoch.

    The best epoch has the lowest validation loss, a negative ELBO in which every divergence has
    the final weight of its schedule whatever the weights of that epoch are; the plateau of the
    learning rate and the patience watch the same loss.

    Parameters
    ----------
    model
        Its statistics set from the training cells; it is moved to the device.
    objective
        Loss of a batch, a mean over its cells.
    seed
        Of the order of the cells and the draws of the validation, the same in all processes.
    generator
        Random numbers (CPU) for subsets and latent draws. Dropout uses torch's global one. In all
        processes but the leader both are seeded anew, with another seed in every stage.

    Raises
    ------
    UserError
        If a loss is not finite; the message names epoch, batch, terms and cells.
    Interrupted
        If a signal or the time limit stopped the training; its state is in ``checkpoint_dir``.
    """
    group = join(settings.device)
    device = prepare(model, settings, group=group)
    context = context or Context()
    plan = Plan(data, split, objective, optimisation, settings, context, group, device, seed)
    state = _start(plan, model, generator)
    store = Store(
        settings.checkpoint_dir,
        key=plan.key(model) if settings.checkpoint_dir else {},
        minutes=settings.checkpoint_minutes,
        max_epochs=optimisation.max_epochs,
        group=group,
    )
    store.restore(state)
    _run(plan, state, store)
    state.best.restore(model)
    chosen = state.history[state.best.epoch - 1]
    if group.leader:
        logger.info(
            "Stopped after epoch %d, best epoch %d: validation loss %.2f, %d active latent "
            "variables.",
            len(state.history),
            state.best.epoch,
            state.best.loss,
            chosen["active_units"],
        )
        warn_of_collapse(chosen)
    return Fit(state.history, state.best.epoch, int(chosen["active_units"]))


def _start(plan: Plan, model: MultimodalVAE, generator: torch.Generator) -> State:
    """State before the first step: the same weights but other draws in every process."""
    group, optimisation = plan.group, plan.optimisation
    group.spread([*model.parameters(), *model.buffers()])
    if not group.leader:
        own = group.seed(generator.initial_seed())
        generator.manual_seed(own)
        torch.manual_seed(own)
    decay = optimisation.ema_decay
    return State(
        model,
        make_optimiser(model, optimisation),
        LearningRate(optimisation),
        np.random.default_rng(plan.seed),
        generator,
        average=MovingAverage(model, decay=decay) if decay else None,
        barcodes=plan.context.barcodes,
    )


def _run(plan: Plan, state: State, store: Store) -> None:
    """Train epoch after epoch until one of the rules stops it."""
    settings, total = plan.settings, plan.optimisation.max_epochs
    catch = StopRequest(
        catch=settings.checkpoint_dir is not None, minutes=settings.time_limit_minutes
    )
    report = Report(
        settings,
        history=state.history,
        total=total,
        active=plan.group.leader,
        stage=plan.context.stage,
        earlier=plan.context.earlier,
    )
    with catch as request, report:
        while not _finished(plan, state):
            weights = weights_at(plan.optimisation.schedules, state.epoch)
            _train_epoch(plan, state, store, request, weights)
            row = _close_epoch(plan, state, weights)
            report.epoch(row)
            if store.due():
                store.save(state)
        store.save(state)


def _finished(plan: Plan, state: State) -> bool:
    optimisation, done = plan.optimisation, len(state.history)
    if done >= optimisation.max_epochs:
        return True
    if optimisation.target_loss is not None and state.best.loss < optimisation.target_loss:
        return True
    settled = math.ceil(optimisation.settled)
    return done >= settled and done - max(state.best.epoch, settled) >= optimisation.patience


def _train_epoch(
    plan: Plan, state: State, store: Store, request: StopRequest, weights: dict[str, float]
) -> None:
    """Take the steps of the epoch that are not taken yet."""
    state.order.bit_generator.state = state.epoch_order
    steps = plan.steps(state.order)
    state.model.train()
    if plan.optimisation.uniform_epochs:
        state.model.prior.freeze_weights(state.epoch <= plan.optimisation.uniform_epochs)
    left = steps[state.step :]
    batches = plan.data.stream([part for cells in left for part in plan.parts(cells)], plan.device)
    for cells in left:
        middle = state.epoch - 1 + (state.step + 0.5) / len(steps)
        state.rate.apply(state.optimiser, epoch=middle)
        _step(plan, state, cells, batches, weights)
        state.step += 1
        if plan.group.any(request.asked()):
            store.save(state)
            raise Interrupted(
                f"Training was stopped in epoch {state.epoch}, after {state.step} of {len(steps)} "
                f"steps, by {request.reason or 'another process'}. Its state is in "
                f"{plan.settings.checkpoint_dir}: run the same command again to resume."
            )
    state.meter.read()


def _step(
    plan: Plan,
    state: State,
    cells: np.ndarray,
    batches: Iterator[Batch],
    weights: dict[str, float],
) -> None:
    """Take one optimiser step by the mean of the objective over ``cells``, the next batches."""
    model, optimisation = state.model, plan.optimisation
    n_features = sum(spec.n_features for spec in model.config.modalities.values())
    number = state.step + 1
    state.optimiser.zero_grad()
    for part in plan.parts(cells):
        batch = next(batches)
        with autocast(plan.settings, plan.device):
            output = plan.objective(model, batch, weights=weights, generator=state.generator)
        (output.total * (len(part) / len(cells)) / n_features).backward()
        state.meter.add(output, number=number, cells=part)
    plan.group.sum_gradients(model)
    norm = clip_gradients(model, limit=optimisation.gradient_clip or math.inf)
    state.meter.check(norm, number=number, cells=cells)
    state.optimiser.step()
    if state.average:
        state.average.update(model)


def _close_epoch(plan: Plan, state: State, weights: dict[str, float]) -> dict[str, float]:
    """Validate the epoch under way, take its loss into account and open the next one."""
    model, epoch = state.model, state.epoch
    plan.group.spread(list(model.buffers()))
    row: dict[str, float] = {"epoch": epoch}
    row |= {f"{name}_weight": value for name, value in weights.items()}
    row["lr"] = state.rate.at(epoch - 0.5)
    row |= {f"train_{name}": value for name, value in state.meter.mean(plan.group).items()}
    with state.average.applied(model) if state.average else nullcontext():
        validated = validation_loss(
            model,
            plan.data,
            plan.split.validation,
            seed=plan.seed,
            epoch=epoch,
            group=plan.group,
            beta={name: s.value for name, s in plan.optimisation.schedules.items()},
        )
        where = latent(model, plan.data, plan.split.validation)
        state.best.update(model, loss=validated["loss"], epoch=epoch)
    row |= {f"val_{name}": value for name, value in validated.items()}
    row |= observe(where, plan.context.monitors, seed=plan.seed)
    if where.responsibilities is not None and plan.optimisation.reseed_epochs:
        row["reseeded"] = _reseed(plan, state, where.responsibilities)
    if epoch >= plan.optimisation.settled:
        state.rate.observe(validated["loss"])
    state.next_epoch(row)
    return row


def _reseed(plan: Plan, state: State, responsibilities: np.ndarray) -> int:
    """Move a component that has been dead for long; number of components moved (at most one)."""
    state.idle = count_idle(state.idle, responsibilities)
    dead = longest_dead(state.idle, epochs=plan.optimisation.reseed_epochs)
    if dead is None or state.epoch >= plan.optimisation.settled:
        return 0
    reseed(state.model, dead, latent(state.model, plan.data, plan.split.train))
    state.idle[dead] = 0
    return 1
