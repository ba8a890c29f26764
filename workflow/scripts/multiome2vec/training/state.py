"""Everything that changes while a model is trained, as tensors and as JSON values."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from multiome2vec.training.history import from_json, to_json
from multiome2vec.training.meter import Meter
from multiome2vec.training.optimiser import LearningRate
from multiome2vec.training.weights import BestWeights, MovingAverage


@dataclass
class State:
    """A training between two steps.

    Attributes
    ----------
    order
        Random numbers of the order of the cells, the same in all processes.
    generator
        Random numbers (CPU) of the objective.
    barcodes
        Of the cells, for messages.
    average
        Moving average of the weights, if there is one.
    epoch, step
        The epoch under way, from 1, and the steps taken in it.
    epoch_order
        State of ``order`` at the start of the epoch.
    meter
        Losses of the steps taken in it.
    history
        Rows of the epochs that are over.
    idle
        For each component of a mixture prior, epochs in a row in which it was dead.
    """

    model: nn.Module
    optimiser: torch.optim.Optimizer
    rate: LearningRate
    order: np.random.Generator
    generator: torch.Generator
    average: MovingAverage | None = None
    barcodes: Sequence[str] | None = None
    best: BestWeights = field(default_factory=BestWeights)
    history: list[dict[str, float]] = field(default_factory=list)
    idle: list[int] = field(default_factory=list)
    epoch: int = 1
    step: int = 0

    def __post_init__(self) -> None:
        self.epoch_order = self.order.bit_generator.state
        self.meter = Meter(self.epoch, barcodes=self.barcodes)

    def next_epoch(self, row: dict[str, float]) -> None:
        """Close the epoch under way with its row of the history."""
        self.history.append(row)
        self.epoch, self.step = self.epoch + 1, 0
        self.epoch_order = self.order.bit_generator.state
        self.meter = Meter(self.epoch, barcodes=self.barcodes)

    def tensors(self) -> dict[str, Tensor]:
        """Give weights, moments, best and averaged weights on the CPU; names have a prefix."""
        named = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        named |= {f"best.{name}": tensor for name, tensor in self.best.tensors.items()}
        if self.average:
            named |= {f"average.{name}": tensor for name, tensor in self.average.tensors.items()}
        for number, moments in self.optimiser.state_dict()["state"].items():
            named |= {f"optimiser.{number}.{name}": tensor for name, tensor in moments.items()}
        return {name: tensor.detach().cpu().contiguous() for name, tensor in named.items()}

    def common(self) -> dict:
        """JSON values that are the same in all processes."""
        return {
            "epoch": self.epoch,
            "step": self.step,
            "order": self.epoch_order,
            "rate": self.rate.state(),
            "best": {"loss": self.best.loss, "epoch": self.best.epoch} if self.best.epoch else None,
            "average_steps": self.average.steps if self.average else 0,
            "history": list(map(to_json, self.history)),
            "idle": self.idle,
        }

    def local(self) -> dict:
        """JSON values of this process: its random numbers and the losses it has seen."""
        self.meter.read()
        device = next(self.model.parameters()).device
        values = {
            "generator": _encode(self.generator.get_state()),
            "torch": _encode(torch.get_rng_state()),
            "meter": self.meter.state(),
        }
        if device.type == "cuda":
            values["cuda"] = _encode(torch.cuda.get_rng_state(device))
        return values

    def restore(self, tensors: dict[str, Tensor], *, common: dict, local: dict) -> None:
        """Take over what :meth:`tensors`, :meth:`common` and :meth:`local` gave."""
        device = next(self.model.parameters()).device
        self.model.load_state_dict(_under("model.", tensors))
        self._restore_moments(_under("optimiser.", tensors))
        self.best.tensors = {n: t.to(device) for n, t in _under("best.", tensors).items()}
        if common["best"]:
            self.best.loss, self.best.epoch = common["best"]["loss"], common["best"]["epoch"]
        if self.average:
            averaged = _under("average.", tensors)
            self.average.tensors = {name: t.to(device) for name, t in averaged.items()}
            self.average.steps = common["average_steps"]
        self.epoch, self.step = common["epoch"], common["step"]
        self.epoch_order = common["order"]
        self.rate.restore(common["rate"])
        self.history[:] = map(from_json, common["history"])
        self.idle = common["idle"]
        self.meter = Meter(self.epoch, barcodes=self.barcodes)
        self.meter.restore(local["meter"])
        self.generator.set_state(_decode(local["generator"]))
        torch.set_rng_state(_decode(local["torch"]))
        if "cuda" in local:
            torch.cuda.set_rng_state(_decode(local["cuda"]), device)

    def _restore_moments(self, tensors: dict[str, Tensor]) -> None:
        moments: dict[int, dict[str, Tensor]] = {}
        for path, tensor in tensors.items():
            number, _, name = path.partition(".")
            moments.setdefault(int(number), {})[name] = tensor
        self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": moments})


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors whose name has the prefix, without it."""
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}


def _encode(state: Tensor) -> str:
    """Bytes [N] as text."""
    return base64.b64encode(state.numpy().tobytes()).decode()


def _decode(text: str) -> Tensor:
    """Undo :func:`_encode`."""
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.uint8)
