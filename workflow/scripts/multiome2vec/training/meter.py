"""Means of a loss and its terms over the cells of an epoch, and the guard against NaN."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from multiome2vec.errors import UserError
from multiome2vec.objectives.elbo import LossOutput
from multiome2vec.training.distributed import Group

READ_EVERY = 16  # batches whose values are read from the device at once
NORM = "gradient norm"
NAMED = 5  # cells that a message names


class Meter:
    """Sums over cells; values are read from the device a few batches at a time.

    Parameters
    ----------
    epoch
        For messages.
    barcodes
        Of all cells of the data, for messages; their indices are named without it.

    Attributes
    ----------
    sums
        Of the loss and its terms over the cells read so far.
    n_cells
        Number of these cells.
    """

    def __init__(self, epoch: int, *, barcodes: Sequence[str] | None = None) -> None:
        self.epoch = epoch
        self.barcodes = barcodes
        self.sums: dict[str, float] = {}
        self.n_cells = 0
        self._waiting: list[tuple[int, np.ndarray, list[str], Tensor]] = []

    def add(self, output: LossOutput, *, number: int, cells: np.ndarray) -> None:
        """Take in the loss of batch ``number``, which holds the cells with indices ``cells``."""
        terms = {"loss": output.total.detach(), **output.terms}
        values = torch.stack([value.float() for value in terms.values()])
        self._waiting.append((number, cells, list(terms), values))
        if len(self._waiting) >= READ_EVERY:
            self.read()

    def check(self, norm: Tensor, *, number: int, cells: np.ndarray) -> None:
        """Take in the norm of the gradient of a step over ``cells``."""
        self._waiting.append((number, cells, [], norm.detach().float().reshape(1)))

    def read(self) -> None:
        """Read the values that wait on the device.

        Raises
        ------
        UserError
            If one is not finite; the message names epoch, batch, terms and cells.
        """
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        values = iter(torch.cat([entry[3] for entry in waiting]).tolist())
        for number, cells, names, tensor in waiting:
            read = [next(values) for _ in range(len(tensor))]
            if not np.isfinite(read).all():
                self._refuse(number, cells, dict(zip(names or [NORM], read, strict=True)))
            if names:
                self.n_cells += len(cells)
                for name, value in zip(names, read, strict=True):
                    self.sums[name] = self.sums.get(name, 0.0) + len(cells) * value

    def state(self) -> dict:
        """Give the sums so far as JSON values."""
        return {"sums": self.sums, "n_cells": self.n_cells}

    def mean(self, group: Group) -> dict[str, float]:
        """Mean per cell over the cells of all processes."""
        self.read()
        states = group.gather(self.state())
        n_cells = sum(state["n_cells"] for state in states)
        totals: dict[str, float] = {}
        for state in states:
            for name, value in state["sums"].items():
                totals[name] = totals.get(name, 0.0) + value
        return {name: value / n_cells for name, value in totals.items()}

    def restore(self, state: dict) -> None:
        """Take over a state from :meth:`state`."""
        self.sums, self.n_cells = dict(state["sums"]), state["n_cells"]

    def _refuse(self, number: int, cells: np.ndarray, values: dict[str, float]) -> None:
        what = "gradient" if NORM in values else "loss"
        broken = [name for name, value in values.items() if not np.isfinite(value)]
        terms = ", ".join(f"{name} = {value:g}" for name, value in values.items())
        named = [str(i if self.barcodes is None else self.barcodes[i]) for i in cells[:NAMED]]
        more = f" and {len(cells) - NAMED} more" if len(cells) > NAMED else ""
        raise UserError(
            f"The {what} is not finite in epoch {self.epoch}, batch {number} ({terms}): "
            f"{', '.join(broken)}, over the cells {', '.join(named)}{more}. Lower the model's "
            "learning_rate, and look for extreme values in these cells."
        )
