import copy

import pytest
import torch
from multiome2vec.nn.sparse_rows import SparseRows
from multiome2vec.nn.trunks import TRUNKS

SEGMENTS = (37, 80, 3)


def trunk(name, **options):
    torch.manual_seed(0)
    defaults = {
        "n_covariates": 2,
        "widths": (24, 16),
        "dropout": 0.0,
        "norm": "layer",
        "activation": "gelu",
        "segments": SEGMENTS,
    }
    return TRUNKS[name](sum(SEGMENTS), **{**defaults, **options})


@pytest.fixture
def dense():
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(9, sum(SEGMENTS), generator=generator)
    return x * (torch.rand(x.shape, generator=generator) < 0.3)


@pytest.fixture
def covariate():
    return torch.eye(2)[torch.arange(9) % 2]


def sparse_rows(dense):
    offsets = torch.nn.functional.pad((dense != 0).sum(1).cumsum(0), (1, 0))
    columns = dense.nonzero()[:, 1]
    return SparseRows.from_csr(offsets, columns, dense[dense != 0], n_columns=dense.shape[1])


@pytest.mark.parametrize("name", TRUNKS)
@pytest.mark.parametrize("norm", ["identity", "layer", "batch", "rms"])
def test_shape_and_a_gradient_for_every_parameter(name, norm, dense, covariate):
    module = trunk(name, norm=norm, dropout=0.1)
    x, covariate = dense.requires_grad_(), covariate.requires_grad_()
    y = module(x, covariate)
    assert y.shape == (9, 16)
    assert module.n_outputs == 16
    (y * torch.linspace(-1, 1, y.numel()).view_as(y)).sum().backward()
    for parameter, value in module.named_parameters():
        assert value.grad is not None, parameter
        assert value.grad.isfinite().all(), parameter
        assert value.grad.any(), parameter
    assert x.grad.any()
    assert covariate.grad.any()


@pytest.mark.parametrize("name", TRUNKS)
def test_sparse_rows_give_the_same_result_and_gradients(name, dense, covariate):
    a, b = trunk(name), trunk(name)
    sparse = sparse_rows(dense)
    values = sparse.values.clone().requires_grad_()
    dense = dense.requires_grad_()
    expected, found = a(dense, covariate), b(sparse.with_values(values), covariate)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)
    weight = torch.linspace(-1, 1, found.numel()).view_as(found)
    (expected * weight).sum().backward()
    (found * weight).sum().backward()
    for p, q in zip(a.parameters(), b.parameters(), strict=True):
        torch.testing.assert_close(q.grad, p.grad, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(values.grad, sparse.pick(dense.grad), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", TRUNKS)
def test_covariates_change_the_result_and_may_be_absent(name, dense, covariate):
    module = trunk(name)
    assert not torch.allclose(module(dense, covariate), module(dense, 1 - covariate), atol=1e-4)
    assert trunk(name, n_covariates=0)(dense, torch.zeros(9, 0)).shape == (9, 16)


@pytest.mark.parametrize("name", TRUNKS)
def test_cells_do_not_depend_on_each_other(name, dense, covariate):
    module = trunk(name).eval()
    with torch.no_grad():  # what inference does takes other kernels
        alone = torch.cat([module(dense[i : i + 1], covariate[i : i + 1]) for i in range(9)])
    torch.testing.assert_close(module(dense, covariate), alone, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", TRUNKS)
def test_one_width_is_enough(name, dense, covariate):
    module = trunk(name, widths=(24,))
    assert module(dense, covariate).shape == (9, module.n_outputs)


@pytest.mark.parametrize("name", TRUNKS)
def test_permuted_features_change_the_result(name, dense, covariate):
    module = trunk(name).eval()
    order = torch.randperm(dense.shape[1], generator=torch.Generator().manual_seed(1))
    permuted = module(dense[:, order], covariate)
    assert not torch.allclose(module(dense, covariate), permuted, atol=1e-3)


@pytest.mark.parametrize("name", TRUNKS)
def test_weights_are_saved_and_loaded(name, dense, covariate):
    module, other = trunk(name), trunk(name)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.1)
    other.load_state_dict(copy.deepcopy(module.state_dict()))
    torch.testing.assert_close(other(dense, covariate), module(dense, covariate))


def test_mlp_is_the_perceptron_of_features_and_covariate(dense, covariate):
    module = trunk("mlp", activation="relu")
    linear, second = module.input.linear, module.rest.blocks[0]
    y = dense @ linear.weight + covariate @ linear.covariate_weight + linear.bias
    y = torch.nn.functional.layer_norm(y, (24,)).relu() @ second.weight.T + second.bias
    expected = torch.nn.functional.layer_norm(y, (16,)).relu()
    torch.testing.assert_close(module(dense, covariate), expected, atol=1e-5, rtol=1e-5)


def test_mask_attention_gates_the_features(dense, covariate):
    module = trunk("mask-attention", widths=(24,), activation="relu")
    both = torch.cat([dense, covariate], dim=1)
    weight = torch.cat([module.input.weight, module.input.covariate_weight])
    first, second = (both @ weight + module.input.bias).split(24, dim=1)
    features = torch.nn.functional.layer_norm(first, (24,)).relu()
    mask = 1 / (1 + (-(second @ module.mask.weight.T + module.mask.bias)).exp())
    expected = features * mask
    torch.testing.assert_close(module(dense, covariate), expected, atol=1e-5, rtol=1e-5)
