"""Multilayer perceptron."""

from collections.abc import Sequence

from torch import Tensor, nn


class MLP(nn.Module):
    """Blocks of Linear, LayerNorm, ReLU and dropout.

    Parameters
    ----------
    n_inputs
        Width of the input.
    widths
        Width of each block, first to last.
    dropout
        Share of the outputs of each block set to 0 in training.
    """

    def __init__(self, n_inputs: int, *, widths: Sequence[int], dropout: float) -> None:
        super().__init__()
        blocks = []
        for before, after in zip([n_inputs, *widths], widths, strict=False):
            blocks += [nn.Linear(before, after), nn.LayerNorm(after), nn.ReLU()]
            blocks += [nn.Dropout(dropout)] if dropout else []
        self.blocks = nn.Sequential(*blocks)
        self.n_outputs = widths[-1]

    def forward(self, x: Tensor) -> Tensor:
        """[B, n_inputs] to [B, n_outputs]."""
        return self.blocks(x)
