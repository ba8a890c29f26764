"""Weights that change with the epoch: warm-up, annealing and cycles of the terms of a loss."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from multiome2vec.errors import UserError

#: how a ramp rises from 0 to 1 while its progress p does
SHAPES = {
    "linear": lambda p: p,
    "cosine": lambda p: (1 - math.cos(math.pi * p)) / 2,
    "exponential": lambda p: math.expm1(p) / math.expm1(1),
}
KINDS = ("constant", *SHAPES, "cyclical")


@dataclass(frozen=True)
class Schedule:
    """A weight as a function of the epoch e ≥ 0, which may be a fraction.

    With e counted from ``delay``, f one of :data:`SHAPES`, v the ``value`` and s the ``start``:

    - ``constant``: v;
    - ``linear``, ``cosine``, ``exponential``: s + (v − s) · f(e / T), and v from epoch T on;
    - ``cyclical``: with cycle c = ⌊e / T⌋ and p = min(1, (e mod T) / (r · T)), the larger of
      (s + (v − s) · f(p)) · δ^c and ``floor`` · v (Fu et al. 2019 without decay, δ = 1).

    Before ``delay`` the weight is s.

    Attributes
    ----------
    kind
        One of :data:`KINDS`.
    value, start
        Weight at the end and at the beginning of a ramp.
    epochs
        Length T of the ramp or of one cycle.
    ramp
        Share r of a cycle in which the weight rises; it stays at its top for the rest.
    style
        Shape f of the ramp of a cycle.
    decay, floor
        Factor δ of each cycle to the one before, and least share of ``value``.
    delay
        Epochs before the schedule begins.
    """

    kind: str = "constant"
    value: float = 1.0
    start: float = 0.0
    epochs: float = 0.0
    ramp: float = 1.0
    style: str = "linear"
    decay: float = 1.0
    floor: float = 0.0
    delay: float = 0.0

    def __post_init__(self) -> None:
        for name, known in (("kind", KINDS), ("style", tuple(SHAPES))):
            if getattr(self, name) not in known:
                raise UserError(
                    f"A schedule has no {name} '{getattr(self, name)}'. Known: {', '.join(known)}."
                )
        least = 1e-9 if self.kind == "cyclical" else 0
        if self.epochs < least or self.delay < 0:
            raise UserError(
                f"The {self.kind} schedule has epochs = {self.epochs:g} and delay = "
                f"{self.delay:g}. Epochs of a cycle must be positive, and nothing below 0."
            )
        if not (0 < self.ramp <= 1 and 0 < self.decay <= 1 and 0 <= self.floor <= 1):
            raise UserError(
                f"A schedule has ramp = {self.ramp:g}, decay = {self.decay:g} and floor = "
                f"{self.floor:g}. Each is a share: at most 1, and ramp and decay above 0."
            )

    def at(self, epoch: float) -> float:
        """Weight at ``epoch``."""
        elapsed = epoch - self.delay
        if elapsed < 0:
            return self.start
        if self.kind == "constant":
            return self.value
        if self.kind == "cyclical":
            cycle, within = divmod(elapsed, self.epochs)
            weight = self._rise(self.style, within / (self.ramp * self.epochs))
            return max(weight * self.decay**cycle, self.floor * self.value)
        return self._rise(self.kind, elapsed / self.epochs if self.epochs else 1.0)

    @property
    def settled(self) -> float:
        """Epoch at which the weight first reaches its value."""
        if self.kind == "constant":
            return self.delay
        return self.delay + self.epochs * (self.ramp if self.kind == "cyclical" else 1.0)

    def _rise(self, shape: str, progress: float) -> float:
        return self.start + (self.value - self.start) * SHAPES[shape](min(1.0, progress))


def weights_at(schedules: Mapping[str, Schedule], epoch: float) -> dict[str, float]:
    """Weight of every named schedule at ``epoch``."""
    return {name: schedule.at(epoch) for name, schedule in schedules.items()}
