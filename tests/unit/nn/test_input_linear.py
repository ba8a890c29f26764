import pytest
import torch
from multiome2vec.nn.input_linear import InputBlock, InputLinear, sparse_product
from multiome2vec.nn.sparse_rows import SparseRows


def sparse_rows(dense):
    offsets = torch.nn.functional.pad((dense != 0).sum(1).cumsum(0), (1, 0))
    columns = dense.nonzero()[:, 1]
    return SparseRows.from_csr(offsets, columns, dense[dense != 0], n_columns=dense.shape[1])


@pytest.fixture
def dense():
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(6, 40, generator=generator) * (torch.rand(6, 40, generator=generator) < 0.3)
    x[2] = 0  # a cell without entries
    return x


@pytest.fixture
def covariate():
    return torch.eye(3)[[0, 1, 2, 0, 1, 2]]


def gradients(layer, x, leaf, covariate):
    """Output, and gradients of the parameters and of the values of x."""
    y = layer(x, covariate)
    weight = torch.linspace(-1, 1, y.numel()).view_as(y)
    return y, torch.autograd.grad((y * weight).sum(), [*layer.parameters(), leaf])


def test_sparse_equals_dense_with_all_gradients(dense, covariate):
    torch.manual_seed(1)
    layer = InputLinear(40, 3, 5)
    leaf = dense.clone().requires_grad_()
    expected, of_dense = gradients(layer, leaf, leaf, covariate)
    sparse = sparse_rows(dense)
    values = sparse.values.clone().requires_grad_()
    found, of_sparse = gradients(layer, sparse.with_values(values), values, covariate)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    for a, b in zip(of_sparse[:-1], of_dense[:-1], strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(of_sparse[-1], sparse.pick(of_dense[-1]), atol=1e-5, rtol=1e-5)


def test_product_passes_gradcheck_with_unsorted_and_repeated_columns():
    torch.manual_seed(0)
    offsets, columns = torch.tensor([0, 3, 3, 5]), torch.tensor([4, 0, 4, 3, 1])
    x = SparseRows.from_csr(offsets, columns, torch.ones(5), n_columns=6)
    values = torch.rand(5, dtype=torch.double, requires_grad=True)
    weight = torch.randn(6, 2, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda v, w: sparse_product(x.with_values(v), w), [values, weight]
    )
    expected = torch.stack(
        [
            values[0] * weight[4] + values[1] * weight[0] + values[2] * weight[4],
            torch.zeros(2, dtype=torch.double),
            values[3] * weight[3] + values[4] * weight[1],
        ]
    )
    torch.testing.assert_close(sparse_product(x.with_values(values), weight), expected)


def test_rows_without_any_entry_give_the_bias():
    layer = InputLinear(7, 0, 4)
    empty = SparseRows.from_csr(
        torch.zeros(3).long(), torch.zeros(0).long(), torch.zeros(0), n_columns=7
    )
    y = layer(empty, torch.zeros(2, 0))
    y.sum().backward()
    torch.testing.assert_close(y, layer.bias.expand(2, 4))
    assert not layer.weight.grad.any()


def test_same_function_as_torch_linear(dense, covariate):
    layer = InputLinear(40, 3, 5)
    linear = torch.nn.Linear(43, 5)
    with torch.no_grad():
        linear.weight.copy_(torch.cat([layer.weight, layer.covariate_weight]).T)
        linear.bias.copy_(layer.bias)
    expected = linear(torch.cat([dense, covariate], dim=1))
    torch.testing.assert_close(layer(dense, covariate), expected, atol=1e-5, rtol=1e-5)


def test_begins_like_torch_linear():
    torch.manual_seed(0)
    layer, linear = InputLinear(390, 10, 50), torch.nn.Linear(400, 50)
    torch.testing.assert_close(layer.weight.std(), linear.weight.std(), atol=0, rtol=0.02)
    bound = 1 / 20
    for parameter in (*layer.parameters(), *linear.parameters()):
        assert bound * 0.9 < parameter.abs().max() <= bound


def test_block_ends_with_norm_activation_dropout(dense, covariate):
    torch.manual_seed(0)
    block = InputBlock(
        40, n_covariates=3, width=4, dropout=0.5, norm="layer", activation="relu"
    ).eval()
    y = block.linear(dense, covariate)
    y = (y - y.mean(1, keepdim=True)) / (y.var(1, keepdim=True, correction=0) + 1e-5).sqrt()
    torch.testing.assert_close(block(dense, covariate), y.clamp(min=0), atol=1e-5, rtol=1e-5)
    assert (block.train()(dense, covariate) == 0).sum() > (y <= 0).sum()
