"""The optimiser and its learning rate."""

import math

import torch
from torch import nn

from multiome2vec.models.density import GaussianMixture
from multiome2vec.models.priors.gmvae import Heads
from multiome2vec.training.settings import Optimisation

THRESHOLD = 1e-4  # a loss must be lower by this share to be better
SMALLEST_CHANGE = 1e-8  # of the learning rate; smaller ones are not made


def make_optimiser(model: nn.Module, optimisation: Optimisation) -> torch.optim.Optimizer:
    """Return a fused Adam or AdamW over all parameters, of which :func:`decayed` ones decay."""
    chosen = decayed(model)
    groups = [
        {"params": [p for name, p in model.named_parameters() if (name in chosen) == decay]}
        for decay in (True, False)
    ]
    groups[1]["weight_decay"] = 0.0
    kinds = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}
    return kinds[optimisation.optimiser](
        [group for group in groups if group["params"]],
        lr=optimisation.learning_rate,
        weight_decay=optimisation.weight_decay,
        eps=optimisation.epsilon,
        fused=True,
    )


def clip_gradients(model: nn.Module, *, limit: float) -> torch.Tensor:
    """Scale the gradients so that their norm over all parameters is at most ``limit``.

    As ``torch.nn.utils.clip_grad_norm_``, but on a CPU gradients that are short enough are not
    multiplied by 1; on a GPU to ask whether they are would wait for the device.

    Returns
    -------
    torch.Tensor
        The norm before.
    """
    parameters = [p for p in model.parameters() if p.grad is not None]
    norm = torch.nn.utils.get_total_norm([p.grad for p in parameters])
    if norm.device.type != "cpu" or not norm <= limit:
        torch.nn.utils.clip_grads_with_norm_(parameters, limit, norm)
    return norm


def decayed(model: nn.Module) -> set[str]:
    """Names of the parameters that weight decay pulls towards 0: the weights of linear maps.

    It spares vectors (biases, norms, factors and dispersions of features, weights of a mixture),
    and the means and variances of components, for which 0 is no more likely than another value.
    """
    return {
        f"{path}.{name}".removeprefix(".")
        for path, module in model.named_modules()
        if not isinstance(module, GaussianMixture | Heads)
        for name, parameter in module.named_parameters(recurse=False)
        if parameter.ndim > 1
    }


class LearningRate:
    """Learning rate: a linear warm-up, then a plateau rule, a cosine or a constant.

    The plateau rule is that of ``torch.optim.lr_scheduler.ReduceLROnPlateau`` with a relative
    threshold, written out so that its state is three numbers and losses may be negative.

    Attributes
    ----------
    scale
        Factor of the learning rate that the plateau rule has reached.
    """

    def __init__(self, optimisation: Optimisation) -> None:
        self.optimisation = optimisation
        self.scale = 1.0
        self._best = math.inf
        self._bad_epochs = 0

    def at(self, epoch: float) -> float:
        """Rate at a fractional ``epoch``; the first epoch goes from 0 to 1."""
        settings = self.optimisation
        warmup = settings.lr_warmup_epochs
        rate = settings.learning_rate * self.scale
        if warmup > 0:
            rate *= min(1.0, epoch / warmup)
        if settings.lr_schedule == "cosine":
            progress = (epoch - warmup) / max(settings.max_epochs - warmup, 1e-9)
            rate *= (1 + math.cos(math.pi * min(max(progress, 0.0), 1.0))) / 2
        return rate

    def apply(self, optimiser: torch.optim.Optimizer, *, epoch: float) -> None:
        """Give the optimiser the rate at a fractional ``epoch``."""
        for group in optimiser.param_groups:
            group["lr"] = self.at(epoch)

    def observe(self, loss: float) -> None:
        """Tell the plateau rule the validation loss of an epoch after the warm-up."""
        if self.optimisation.lr_schedule != "plateau":
            return
        if self._best == math.inf or loss < self._best - THRESHOLD * abs(self._best):
            self._best, self._bad_epochs = loss, 0
        else:
            self._bad_epochs += 1
        if self._bad_epochs > self.optimisation.plateau_patience:
            lower = self.scale * self.optimisation.plateau_factor
            if self.optimisation.learning_rate * (self.scale - lower) > SMALLEST_CHANGE:
                self.scale = lower
            self._bad_epochs = 0

    def state(self) -> dict:
        """Give what changes in training as JSON values."""
        best = None if self._best == math.inf else self._best
        return {"scale": self.scale, "best": best, "bad_epochs": self._bad_epochs}

    def restore(self, state: dict) -> None:
        """Take over a state from :meth:`state`."""
        self.scale = state["scale"]
        self._best = math.inf if state["best"] is None else state["best"]
        self._bad_epochs = state["bad_epochs"]
