"""What holds for every likelihood of the table."""

import numpy as np
import pytest
import torch
from multiome2vec.models.likelihoods import LIKELIHOODS
from multiome2vec.models.transforms import FeatureStatistics
from multiome2vec.nn.sparse_rows import SparseRows, densify
from scipy import sparse

CELLS, FEATURES = 6, 40
SEPARABLE = sorted(set(LIKELIHOODS) - {"gaussian", "gaussian-unit", "log-normal"})
every = pytest.mark.parametrize("name", sorted(LIKELIHOODS))


@pytest.fixture(autouse=True)
def deterministic():
    """As in training."""
    torch.use_deterministic_algorithms(mode=True)
    yield
    torch.use_deterministic_algorithms(mode=False)


def sparse_counts(density=0.3, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.poisson(3, (CELLS, FEATURES)) * (rng.random((CELLS, FEATURES)) < density)
    x[0] = 0  # a cell without the modality
    matrix = sparse.csr_matrix(x.astype(np.float32))
    return SparseRows.from_csr(
        torch.from_numpy(matrix.indptr.astype(np.int64)),
        torch.from_numpy(matrix.indices.astype(np.int64)),
        torch.from_numpy(matrix.data),
        n_columns=FEATURES,
    )


def fitted(name, n_features=FEATURES):
    rng = np.random.default_rng(1)
    total = rng.gamma(1.0, 20.0, n_features) + 1
    head = LIKELIHOODS[name](n_features)
    head.fit(
        FeatureStatistics(
            50, total, total / 50, rng.gamma(3.0, 1.0, n_features), n_open=np.minimum(total, 50)
        )
    )
    return head


def outputs_of(head, *, seed=0, n_cells=CELLS, n_features=FEATURES):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((n_cells, head.n_heads * n_features), generator=generator)


def gradients(head, target, defined=None):
    """Log-likelihood and its gradients: outputs, library, parameters."""
    outputs = outputs_of(head).requires_grad_()
    library = densify(target).sum(dim=1, keepdim=True).clamp(min=1).requires_grad_()
    value = head.log_likelihood(target, outputs, library, defined)
    weights = torch.arange(1.0, CELLS + 1)
    inputs = [outputs, library, *head.parameters()]
    return value, torch.autograd.grad(weights @ value, inputs, allow_unused=True)


@pytest.mark.parametrize("name", SEPARABLE)
def test_sparse_targets_agree_with_dense_ones_and_so_do_the_gradients(name):
    head, target = fitted(name), sparse_counts()
    value, gradient = gradients(head, target)
    expected, expected_gradient = gradients(head, target.dense())
    torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-5)
    for ours, theirs in zip(gradient, expected_gradient, strict=True):
        assert (ours is None) == (theirs is None)
        if ours is not None:
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", SEPARABLE)
def test_gradients_agree_with_finite_differences_in_double_precision(name, monkeypatch):
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)
    head, target = fitted(name).double(), sparse_counts()
    target = target.with_values(target.values.double())
    outputs = outputs_of(head).double()
    library = target.row_sums().clamp(min=1).unsqueeze(1)

    def loss(outputs, library, *parameters):
        named = dict(zip([key for key, _ in head.named_parameters()], parameters, strict=True))
        arguments = (target, outputs, library)
        return torch.func.functional_call(Caller(head), prefixed(named), arguments)

    inputs = [outputs, library, *(p.detach().clone() for p in head.parameters())]
    inputs = [value.requires_grad_() for value in inputs]
    assert torch.autograd.gradcheck(loss, inputs, fast_mode=True)


class Caller(torch.nn.Module):
    """A likelihood whose call is its log-likelihood."""

    def __init__(self, head):
        super().__init__()
        self.head = head

    def forward(self, *arguments):
        return self.head.log_likelihood(*arguments, None)


def prefixed(named):
    return {f"head.{key}": value for key, value in named.items()}


@every
def test_undefined_values_do_not_count_whatever_they_are(name):
    head = fitted(name)
    generator = torch.Generator().manual_seed(2)
    target = torch.randint(1, 5, (CELLS, FEATURES), generator=generator).float()
    defined = (torch.rand((CELLS, FEATURES), generator=generator) < 0.7).float()
    spoilt = torch.where(defined > 0, target, torch.nan)
    outputs = outputs_of(head).requires_grad_()
    library = torch.full((CELLS, 1), 30.0)
    value = head.log_likelihood(spoilt, outputs, library, defined)
    parts = head.log_prob(target * defined, outputs, library)
    torch.testing.assert_close(value, torch.where(defined > 0, parts, 0).sum(dim=1))
    value.sum().backward()
    assert outputs.grad.isfinite().all()
    unused = outputs.grad.view(CELLS, head.n_heads, FEATURES)[:, -1][defined == 0]
    if name not in {"poisson", "multinomial", "categorical", "negative-binomial"}:
        assert (unused == 0).all()  # heads with a softmax mix the features


@every
def test_masks_of_sparse_targets_are_those_of_dense_ones(name):
    head, target = fitted(name), sparse_counts()
    defined = (torch.rand((CELLS, FEATURES)) < 0.5).float()
    if name == "log-normal":
        defined = (target.dense() > 0).float()
    arguments = outputs_of(head), torch.full((CELLS, 1), 30.0), defined
    sparse_value = head.log_likelihood(target, *arguments)
    torch.testing.assert_close(sparse_value, head.log_likelihood(target.dense(), *arguments))


@every
def test_a_mask_of_ones_changes_nothing(name):
    head, target = fitted(name), torch.ones(CELLS, FEATURES)
    arguments = target, outputs_of(head), torch.full((CELLS, 1), 40.0)
    without = head.log_likelihood(*arguments)
    torch.testing.assert_close(head.log_likelihood(*arguments, torch.ones_like(target)), without)


@every
def test_samples_have_the_stated_mean_and_follow_their_generator(name):
    head, n = fitted(name, 5), 20_000
    outputs = 0.5 * outputs_of(head, n_cells=1, n_features=5)
    library = torch.tensor([[20.0]])
    if "gaussian" in name or name == "log-normal":
        head.scale.fill_(0.3)
    repeated = outputs.expand(n, -1), library.expand(n, 1)
    drawn = head.sample(*repeated, torch.Generator().manual_seed(3))
    again = head.sample(*repeated, torch.Generator().manual_seed(3))
    assert torch.equal(drawn, again)
    error = drawn.std(dim=0) / n**0.5
    mean = head.mean(outputs, library)[0]
    assert ((drawn.mean(dim=0) - mean).abs() < 4.5 * error).all()
    assert not drawn.requires_grad


@pytest.mark.parametrize("name", sorted(set(SEPARABLE) - {"bernoulli"}))
def test_expected_counts_scale_linearly_with_the_library(name):
    head = fitted(name)
    outputs, library = outputs_of(head), torch.linspace(10, 500, CELLS).unsqueeze(1)
    once, thrice = head.mean(outputs, library), head.mean(outputs, 3 * library)
    torch.testing.assert_close(thrice, 3 * once)


@pytest.mark.parametrize("name", ["poisson", "negative-binomial", "multinomial"])
def test_expected_counts_sum_to_the_library(name):
    head = fitted(name)
    library = torch.linspace(10, 500, CELLS).unsqueeze(1)
    mean = head.mean(outputs_of(head), library)
    torch.testing.assert_close(mean.sum(dim=1, keepdim=True), library)


@every
def test_outputs_of_half_precision_are_scored_in_single_precision(name):
    head, target = fitted(name), torch.ones(CELLS, FEATURES)
    outputs = outputs_of(head).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        value = head.log_likelihood(target, outputs, torch.full((CELLS, 1), 40.0))
    expected = head.log_likelihood(target, outputs.float(), torch.full((CELLS, 1), 40.0))
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", SEPARABLE)
def test_extreme_outputs_stay_finite(name):
    head, target = fitted(name), sparse_counts()
    outputs = (60 * outputs_of(head)).requires_grad_()
    value = head.log_likelihood(target, outputs, target.row_sums().clamp(min=1).unsqueeze(1))
    value.sum().backward()
    assert value.isfinite().all()
    assert outputs.grad.isfinite().all()


@pytest.mark.parametrize("name", SEPARABLE)
def test_stored_zeros_are_zeros(name):
    head, target = fitted(name), sparse_counts()
    stored = target.with_values(target.values * (target.values != 3))
    library = torch.full((CELLS, 1), 50.0)
    value = head.log_likelihood(stored, outputs_of(head), library)
    expected = head.log_likelihood(stored.dense(), outputs_of(head), library)
    torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-5)
