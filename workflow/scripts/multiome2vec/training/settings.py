"""How a model is fitted, and how the run that fits it is carried out. No torch here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from multiome2vec.errors import UserError
from multiome2vec.training.schedules import Schedule

OPTIMISERS = ("adamw", "adam")
LR_SCHEDULES = ("plateau", "cosine", "constant")
DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("fp32", "tf32", "bf16")


def _choose(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UserError(f"There is no {name} '{value}'. Known: {', '.join(known)}.")


@dataclass(frozen=True)
class Optimisation:
    """How a model is fitted: all of it changes the result.

    Attributes
    ----------
    learning_rate, weight_decay, epsilon
        Of the optimiser.
    optimiser
        ``adamw`` (decoupled weight decay) or ``adam`` (weight decay as an L2 penalty).
    batch_size
        Cells per forward pass.
    accumulation
        Forward passes per optimiser step: a step sees batch_size · accumulation cells (times the
        number of processes).
    max_epochs
        Passes over the training cells, at most.
    patience
        Epochs without a better validation loss before training stops, counted from the end of all
        warm-ups.
    target_loss
        Training stops when the validation loss is below this; None for never.
    lr_schedule
        ``plateau`` multiplies the rate by ``plateau_factor`` after more than ``plateau_patience``
        epochs without a better validation loss; ``cosine`` lets it fall to 0 at ``max_epochs``;
        ``constant`` keeps it.
    lr_warmup_epochs
        Epochs over which the learning rate rises linearly from 0.
    gradient_clip
        Largest norm of the gradient of the loss per feature; 0 for no limit.
    reseed_epochs
        During the warm-ups, a component of a mixture prior that was dead for so many epochs in a
        row is moved, see :mod:`multiome2vec.training.reseed`; 0 for never.
    uniform_epochs
        First epochs in which the components of a mixture prior weigh alike.
    ema_decay
        Decay per step of the moving average of the weights that is validated and kept; 0 for none.
    schedules
        Weights of the terms of the objective by name, evaluated once per epoch (counted from 1).
    """

    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    epsilon: float = 1e-8
    optimiser: str = "adamw"
    batch_size: int = 128
    accumulation: int = 1
    max_epochs: int = 200
    patience: int = 20
    target_loss: float | None = None
    lr_schedule: str = "plateau"
    lr_warmup_epochs: float = 0.0
    plateau_factor: float = 0.5
    plateau_patience: int = 6
    gradient_clip: float = 1.0
    reseed_epochs: int = 0
    uniform_epochs: int = 0
    ema_decay: float = 0.0
    schedules: Mapping[str, Schedule] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _choose("optimiser", self.optimiser, OPTIMISERS)
        _choose("lr_schedule", self.lr_schedule, LR_SCHEDULES)
        if min(self.batch_size, self.accumulation, self.max_epochs) < 1:
            raise UserError(
                f"batch_size = {self.batch_size}, accumulation = {self.accumulation} and "
                f"max_epochs = {self.max_epochs}: each must be at least 1."
            )
        if not 0 < self.plateau_factor < 1:
            raise UserError(
                f"plateau_factor = {self.plateau_factor:g} must be above 0 and below 1."
            )
        if not 0 <= self.ema_decay < 1:
            raise UserError(f"ema_decay = {self.ema_decay:g} must be at least 0 and below 1.")

    @property
    def settled(self) -> float:
        """Epoch from which all warm-ups are over: the plateau and the patience start there."""
        ends = [schedule.settled for schedule in self.schedules.values()]
        return max(1.0, self.lr_warmup_epochs, *ends)


@dataclass(frozen=True)
class RunSettings:
    """How a training is carried out on a machine.

    Attributes
    ----------
    device
        ``cpu``, ``cuda``, or ``auto``: the GPU if there is one.
    precision
        ``fp32``; ``tf32`` lets matrix products use TF32; ``bf16`` runs them in bfloat16.
    compile
        Whether to compile the dense parts of the model.
    deterministic
        Whether to use only algorithms that give equal bits in every run.
    checkpoint_dir
        Folder of the state to resume from; None to keep none.
    checkpoint_minutes
        Minutes between two states saved at the ends of epochs, at least.
    time_limit_minutes
        Minutes after which the training saves its state and stops; None for no limit.
    metrics
        JSON Lines file that gets one line per epoch; None for none.
    log_epochs, log_seconds
        A line is logged every so many epochs, and after so many seconds without one.
    """

    device: str = "auto"
    precision: str = "fp32"
    compile: bool = False
    deterministic: bool = True
    checkpoint_dir: str | None = None
    checkpoint_minutes: float = 5.0
    time_limit_minutes: float | None = None
    metrics: str | None = None
    log_epochs: int = 10
    log_seconds: float = 60.0

    def __post_init__(self) -> None:
        _choose("device", self.device, DEVICES)
        _choose("precision", self.precision, PRECISIONS)
        if self.time_limit_minutes is not None and self.checkpoint_dir is None:
            raise UserError(
                "time_limit_minutes needs a checkpoint_dir: without one, what was trained until "
                "then would be lost."
            )
