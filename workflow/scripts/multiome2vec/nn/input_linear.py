"""First layer of an encoder: from very many features, sparse or dense, to a few outputs."""

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from multiome2vec.nn.mlp import block_end
from multiome2vec.nn.sparse_rows import SparseRows


def weighted_sums(columns: Tensor, offsets: Tensor, values: Tensor, weight: Tensor) -> Tensor:
    """Sum over each row's entries of ``values · weight[columns]`` [rows, H]."""
    return functional.embedding_bag(
        columns, weight, offsets, mode="sum", per_sample_weights=values, include_last_offset=True
    )


def transposed_product(x: SparseRows, values: Tensor, dense: Tensor) -> Tensor:
    """Product [F, H] of the transpose of x, with other ``values`` [N], and ``dense`` [B, H]."""
    order = torch.argsort(x.columns, stable=True)
    offsets = offsets_of(x.columns, x.n_columns)
    return weighted_sums(x.rows[order], offsets, values[order], dense)


class _SparseProduct(torch.autograd.Function):
    """Sparse [B, F] times dense [F, H], with gradients for both.

    The weight's gradient is a product as well, of the transposed sparse matrix; computed as such
    it takes half the time of the one that ``embedding_bag`` comes with.
    """

    @staticmethod
    def forward(ctx, values: Tensor, weight: Tensor, x: SparseRows) -> Tensor:
        ctx.save_for_backward(values, weight)
        ctx.x = x
        return weighted_sums(x.columns, x.offsets, values, weight)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        values, weight = ctx.saved_tensors
        x, gradient = ctx.x, gradient.contiguous()
        of_values = of_weight = None
        if ctx.needs_input_grad[0]:
            with torch.enable_grad():
                values = values.detach().requires_grad_()
                sums = weighted_sums(x.columns, x.offsets, values, weight.detach())
            (of_values,) = torch.autograd.grad(sums, values, gradient)
        if ctx.needs_input_grad[1]:
            of_weight = transposed_product(x, values.detach(), gradient)
        return of_values, of_weight, None


def offsets_of(groups: Tensor, n_groups: int) -> Tensor:
    """Where each of ``n_groups`` begins and the last ends, were ``groups`` [N] sorted [n + 1]."""
    counts = torch.bincount(groups, minlength=n_groups)
    return functional.pad(counts.cumsum(0), (1, 0))


def sparse_product(x: SparseRows, weight: Tensor) -> Tensor:
    """Multiply sparse rows [B, F] by a dense weight [F, H].

    Differentiable once with respect to the values of ``x`` and the weight. Nothing of the size
    B × F or N × H (N entries) is made.

    Returns
    -------
    Tensor
        [B, H], in the weight's type.
    """
    return _SparseProduct.apply(x.values.to(weight.dtype), weight, x)


class InputLinear(nn.Module):
    """``x·W + covariate·V + b`` for dense or sparse x, without a dense copy of a sparse x.

    Parameters
    ----------
    n_features
        Width F of x.
    n_covariates
        Width C of the covariate; may be 0.
    n_outputs
        Width H of the result.

    Notes
    -----
    W is stored [F, H], the transpose of :class:`torch.nn.Linear`'s: the rows of the features
    present in a cell are then contiguous. All parameters begin as in ``Linear(F + C, H)``: uniform
    within ±1/√(F + C), the Kaiming initialisation with a = √5 (He et al. 2015, ICCV).
    """

    def __init__(self, n_features: int, n_covariates: int, n_outputs: int) -> None:
        super().__init__()
        self.n_outputs = n_outputs
        self.weight = nn.Parameter(torch.empty(n_features, n_outputs))
        self.covariate_weight = nn.Parameter(torch.empty(n_covariates, n_outputs))
        self.bias = nn.Parameter(torch.empty(n_outputs))
        bound = (n_features + n_covariates) ** -0.5
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x: Tensor | SparseRows, covariate: Tensor) -> Tensor:
        """Take x [B, F] and covariate [B, C] to [B, H]."""
        product = sparse_product if isinstance(x, SparseRows) else torch.matmul
        return product(x, self.weight) + torch.addmm(self.bias, covariate, self.covariate_weight)


class InputBlock(nn.Module):
    """Block of an MLP whose linear layer is an :class:`InputLinear`.

    Parameters
    ----------
    n_features, n_covariates
        Widths of the two inputs.
    width
        Width of the block.
    dropout, norm, activation
        As in :class:`~multiome2vec.nn.mlp.MLP`.
    """

    def __init__(
        self,
        n_features: int,
        *,
        n_covariates: int,
        width: int,
        dropout: float,
        norm: str,
        activation: str,
    ) -> None:
        super().__init__()
        self.linear = InputLinear(n_features, n_covariates, width)
        self.end = nn.Sequential(*block_end(width, dropout, norm, activation))

    def forward(self, x: Tensor | SparseRows, covariate: Tensor) -> Tensor:
        """Take x [B, F] and covariate [B, C] to [B, width]."""
        return self.end(self.linear(x, covariate))
