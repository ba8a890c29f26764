"""Copies of a model's weights: the best so far, and a moving average."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


def copied(model: nn.Module) -> dict[str, Tensor]:
    """Copy of a model's parameters and buffers; training the model leaves it as it is."""
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


class BestWeights:
    """Copy of the weights at the lowest loss so far.

    Attributes
    ----------
    loss, epoch
        Of the kept weights; infinity and 0 before there are any.
    tensors
        Parameters and buffers by name.
    """

    def __init__(self) -> None:
        self.loss = math.inf
        self.epoch = 0
        self.tensors: dict[str, Tensor] = {}

    def update(self, model: nn.Module, *, loss: float, epoch: int) -> None:
        """Keep a copy of the weights if ``loss`` is the lowest."""
        if loss < self.loss:
            self.loss, self.epoch = loss, epoch
            self.tensors = copied(model)

    def restore(self, model: nn.Module) -> None:
        """Give the kept weights back to the model."""
        model.load_state_dict(self.tensors)


class MovingAverage:
    """Exponential moving average of the parameters; buffers stay the model's own.

    The decay rises from 0.1 to its value as (1 + n) / (10 + n) with the number n of steps, so that
    the first weights, which are random, are soon forgotten.

    Attributes
    ----------
    tensors
        Averaged parameters by name.
    steps
        Number of updates.
    """

    def __init__(self, model: nn.Module, *, decay: float) -> None:
        self.decay = decay
        self.steps = 0
        self.tensors = _parameters(model)

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take in the weights after a step."""
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        self.steps += 1
        for name, parameter in model.named_parameters():
            self.tensors[name].lerp_(parameter, 1 - decay)

    @contextmanager
    def applied(self, model: nn.Module) -> Iterator[None]:
        """Let the model have the averaged weights inside the block."""
        own = _parameters(model)
        model.load_state_dict(self.tensors, strict=False)
        try:
            yield
        finally:
            model.load_state_dict(own, strict=False)


def _parameters(model: nn.Module) -> dict[str, Tensor]:
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
