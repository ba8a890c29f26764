"""Removal of batch effects by an adversary behind a gradient reversal."""

import torch
from torch import Tensor, nn

from multiome2vec.nn.mlp import MLP


class _Reversal(torch.autograd.Function):
    """Identity whose gradient is multiplied by −strength."""

    @staticmethod
    def forward(ctx, x: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:
        return -ctx.strength * gradient, None


def reverse_gradient(x: Tensor, strength: float) -> Tensor:
    """Return x as it is; gradients that pass back through it are multiplied by −``strength``.

    The gradient reversal layer of Ganin & Lempitsky (2015, ICML): what follows it learns to lower
    the loss, what precedes it to raise it.
    """
    return _Reversal.apply(x, strength)


class BatchAdversary(nn.Module):
    """Classifier that tells a cell's batch from its latent variables, behind a gradient reversal.

    Minimising the cross-entropy of its logits trains the classifier, and the encoder against it.

    Parameters
    ----------
    n_latent
        Dimensions D of the latent space.
    n_batches
        Number of batches K.
    width
        Width of the hidden layer.
    """

    def __init__(self, n_latent: int, n_batches: int, width: int) -> None:
        super().__init__()
        self.hidden = MLP(n_latent, widths=(width,), dropout=0.0)
        self.head = nn.Linear(width, n_batches)

    def forward(self, z: Tensor, strength: float) -> Tensor:
        """Take z [B, D] to logits [B, K]; ``strength`` ≥ 0 scales the reversed gradient."""
        return self.head(self.hidden(reverse_gradient(z, strength)))
