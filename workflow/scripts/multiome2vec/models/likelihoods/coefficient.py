"""The negative binomial's coefficient, where differences of log-gammas would lose all digits."""

import math

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

SHIFT = 4  # arguments of the Stirling series are at least this
CONSTANT = SHIFT + 1 - 0.5 * math.log(2 * math.pi)


def rising(z: Tensor) -> Tensor:
    """Γ(z + 4) / Γ(z)."""
    return z * (z + 1) * (z + 2) * (z + 3)


def log_gamma_remainder(z: Tensor) -> Tensor:
    """Return lgΓ(z) − [(z − ½) log z − z + ½ log 2π], to 4e-8 for z ≥ 4 (Stirling's series)."""
    s = 1 / (z * z)
    return (1 / 12 - s * (1 / 360 - s / 1260)) / z


def digamma_remainder(z: Tensor) -> Tensor:
    """Return ψ(z) − log z, to 2e-7 for z ≥ 4 (asymptotic series)."""
    s = 1 / (z * z)
    return -0.5 / z - s * (1 / 12 - s * (1 / 120 - s / 252))


class _LogCoefficient(torch.autograd.Function):
    """Its gradient in closed form needs neither digammas nor a store of intermediate results."""

    @staticmethod
    def forward(ctx, x: Tensor, theta: Tensor) -> Tensor:
        ctx.save_for_backward(x, theta)
        a, e = theta + SHIFT, x + SHIFT + 1
        b = a + x
        series = log_gamma_remainder(b) - log_gamma_remainder(a) - log_gamma_remainder(e)
        return (
            (a - 0.5) * torch.log1p(x / a)
            + x * torch.log1p((theta - 1) / e)
            - (SHIFT + 0.5) * e.log()
            + (rising(x + 1) / rising(theta + x) * rising(theta)).log()
            + series
            + CONSTANT
        )

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[None, Tensor]:
        x, theta = ctx.saved_tensors
        a, b = theta + SHIFT, theta + SHIFT + x
        slope = torch.log1p(x / a) + digamma_remainder(b) - digamma_remainder(a)
        for k in range(SHIFT):
            slope = slope + x / ((theta + k) * (theta + x + k))
        return None, (gradient * slope).sum_to_size(theta.shape)


def log_coefficient(x: Tensor, theta: Tensor) -> Tensor:
    """Log of the coefficient Γ(x + θ) / (Γ(θ) Γ(x + 1)) of a negative binomial.

    The three log-gammas grow without bound where their sum does not; Stirling's series of all of
    them, arguments raised by 4 through Γ(z + 4) = Γ(z) z (z + 1) (z + 2) (z + 3), lets the large
    parts cancel by hand. It costs less than the functions themselves, and its slope
    ψ(x + θ) − ψ(θ) much less.

    Parameters
    ----------
    x
        Counts, at most 1e9; gets no gradient.
    theta
        Positive, of a shape that broadcasts with that of ``x``.
    """
    return _LogCoefficient.apply(x, theta)
