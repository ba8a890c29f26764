"""Decoder bodies: latent variables to the hidden layer that a linear head follows.

All are built as ``Body(n_latent, *, n_covariates, n_components, widths, dropout, norm,
activation)`` and called with z [B, D], the covariate [B, C] and the responsibilities [B, K] of the
prior's components, or None if it has none; they return [B, n_outputs].
"""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from multiome2vec.errors import UserError
from multiome2vec.nn.mlp import MLP


def _softmax_of_mean_1(scores: Tensor) -> Tensor:
    """Softmax over the H units [B, H], times H."""
    return scores.softmax(dim=1) * scores.shape[1]


GATES = {"softmax": _softmax_of_mean_1, "sigmoid": torch.sigmoid}


class MLPBody(nn.Module):
    """Multilayer perceptron of z and the covariate.

    Parameters
    ----------
    n_latent, n_covariates
        Widths D and C of the inputs.
    n_components
        Not used.
    widths, dropout, norm, activation
        As in :class:`~multiome2vec.nn.mlp.MLP`.
    """

    def __init__(
        self,
        n_latent: int,
        *,
        n_covariates: int,
        n_components: int | None,
        widths: Sequence[int],
        dropout: float,
        norm: str,
        activation: str,
    ) -> None:
        super().__init__()
        self.blocks = MLP(
            n_latent + n_covariates,
            widths=widths,
            dropout=dropout,
            norm=norm,
            activation=activation,
        )
        self.n_outputs = self.blocks.n_outputs

    def forward(self, z: Tensor, covariate: Tensor, responsibilities: Tensor | None) -> Tensor:
        """[B, D] and [B, C] to [B, n_outputs]."""
        return self.blocks(torch.cat([z, covariate], dim=1))


class LinearBody(nn.Module):
    """No hidden layer: with its head, the linear decoder of Svensson et al. (2020, LDVAE).

    Parameters
    ----------
    n_latent, n_covariates
        Widths D and C of the inputs.
    n_components, widths, dropout, norm, activation
        Not used.
    """

    def __init__(
        self,
        n_latent: int,
        *,
        n_covariates: int,
        n_components: int | None,
        widths: Sequence[int],
        dropout: float,
        norm: str,
        activation: str,
    ) -> None:
        super().__init__()
        self.n_outputs = n_latent + n_covariates

    def forward(self, z: Tensor, covariate: Tensor, responsibilities: Tensor | None) -> Tensor:
        """[B, D] and [B, C] side by side [B, D + C]."""
        return torch.cat([z, covariate], dim=1)


class ClusterAttentionBody(nn.Module):
    """MLP whose last layer h is weighted by the responsibilities γ: ``h ⊙ g(Linear(γ))``.

    After scMVP (Li et al. 2022, Genome Biology).

    Parameters
    ----------
    n_latent, n_covariates
        Widths D and C of the inputs.
    n_components
        Number K of the prior's components.
    widths, dropout, norm, activation
        As in :class:`~multiome2vec.nn.mlp.MLP`.
    gate
        g, a name in :data:`GATES`: ``softmax`` over the H units of h, times H (the paper's form,
        with mean 1), or ``sigmoid`` (its code's).

    Raises
    ------
    UserError
        If the prior has no components.
    """

    def __init__(
        self,
        n_latent: int,
        *,
        n_covariates: int,
        n_components: int | None,
        widths: Sequence[int],
        dropout: float,
        norm: str,
        activation: str,
        gate: str = "softmax",
    ) -> None:
        super().__init__()
        if not n_components:
            raise UserError(
                "A cluster-attention decoder weights its hidden layer by the clusters of the "
                "prior, but the prior has none. Choose a mixture prior or another decoder."
            )
        self.body = MLPBody(
            n_latent,
            n_covariates=n_covariates,
            n_components=n_components,
            widths=widths,
            dropout=dropout,
            norm=norm,
            activation=activation,
        )
        self.n_outputs = self.body.n_outputs
        self.attention = nn.Linear(n_components, self.n_outputs)
        self.gate = GATES[gate]

    def forward(self, z: Tensor, covariate: Tensor, responsibilities: Tensor | None) -> Tensor:
        """[B, D], [B, C] and [B, K] to [B, n_outputs].

        Raises
        ------
        ValueError
            If ``responsibilities`` is None.
        """
        if responsibilities is None:
            raise ValueError("A cluster-attention body needs responsibilities [B, K], got None.")
        return self.body(z, covariate, None) * self.gate(self.attention(responsibilities))

    @torch.no_grad()
    def take(self, other: "ClusterAttentionBody") -> None:
        """Take the weights of a body with another number of components.

        The effects of components on the gate keep their differences and get the other's mean:
        where responsibilities are even, as before there are components, both compute the same.
        """
        own = self.attention.weight - self.attention.weight.mean(dim=1, keepdim=True)
        mean = other.attention.weight.mean(dim=1, keepdim=True)
        self.body.load_state_dict(other.body.state_dict())
        self.attention.bias.copy_(other.attention.bias)
        self.attention.weight.copy_(own + mean)


BODIES = {
    "mlp": MLPBody,
    "linear": LinearBody,
    "cluster-attention": ClusterAttentionBody,
    "cluster-attention-sigmoid": partial(ClusterAttentionBody, gate="sigmoid"),
}
