"""Multilayer perceptron."""

from collections.abc import Sequence

from torch import Tensor, nn

from multiome2vec.errors import UserError

#: by name, from a width to a module
NORMS = {
    "identity": nn.Identity,
    "layer": nn.LayerNorm,
    "batch": nn.BatchNorm1d,
    "rms": nn.RMSNorm,
}
#: by name, from nothing to a module
ACTIVATIONS = {
    "identity": nn.Identity,
    "relu": nn.ReLU,
    "leaky-relu": nn.LeakyReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "elu": nn.ELU,
}


def block_end(width: int, dropout: float, norm: str, activation: str) -> list[nn.Module]:
    """Make what follows a block's linear layer: norm, activation and, unless it is 0, dropout.

    Raises
    ------
    UserError
        If there is no such norm or activation; the message lists those that exist.
    """
    for name, known, kind in ((norm, NORMS, "norm"), (activation, ACTIVATIONS, "activation")):
        if name not in known:
            raise UserError(f"Unknown {kind} '{name}'. Known: {', '.join(known)}.")
    end = [NORMS[norm](width), ACTIVATIONS[activation]()]
    return [*end, nn.Dropout(dropout)] if dropout else end


class MLP(nn.Module):
    """Blocks of Linear, norm, activation and dropout.

    Parameters
    ----------
    n_inputs
        Width of the input.
    widths
        Width of each block, first to last; without blocks the input is returned as it is.
    dropout
        Share of the outputs of each block set to 0 in training.
    norm
        A name in :data:`NORMS`.
    activation
        A name in :data:`ACTIVATIONS`.
    """

    def __init__(
        self,
        n_inputs: int,
        *,
        widths: Sequence[int],
        dropout: float,
        norm: str = "layer",
        activation: str = "relu",
    ) -> None:
        super().__init__()
        blocks = []
        for before, after in zip([n_inputs, *widths], widths, strict=False):
            blocks += [nn.Linear(before, after), *block_end(after, dropout, norm, activation)]
        self.blocks = nn.Sequential(*blocks)
        self.n_outputs = [n_inputs, *widths][-1]

    def forward(self, x: Tensor) -> Tensor:
        """[B, n_inputs] to [B, n_outputs]."""
        return self.blocks(x)
