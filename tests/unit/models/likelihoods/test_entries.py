import pytest
import torch
from multiome2vec.models.likelihoods import entries
from multiome2vec.models.likelihoods.entries import log_shares_at
from multiome2vec.nn.sparse_rows import SparseRows
from torch.nn import functional

B, F = 7, 11


@pytest.fixture(params=["one block", "blocks of two rows"])
def blocks(request, monkeypatch):
    monkeypatch.setattr(entries, "BLOCK", B * F if request.param == "one block" else 2 * F)


def target():
    """Rows with entries; the third has none."""
    kept = torch.rand(B, F, generator=torch.Generator().manual_seed(0)) < 0.3
    kept[2] = False
    kept[0, 0] = True
    rows, columns = kept.nonzero(as_tuple=True)
    offsets = functional.pad(kept.sum(dim=1).cumsum(0), (1, 0))
    return SparseRows.from_csr(offsets, columns, torch.ones(len(columns)), n_columns=F)


def inputs(dtype=torch.float32):
    generator = torch.Generator().manual_seed(1)
    logits = (30 * torch.randn(B, F, generator=generator)).to(dtype)
    return logits.requires_grad_(), torch.randn(F, generator=generator).requires_grad_()


def picked(logits, offset, x):
    return functional.log_softmax(logits.float() + offset, dim=1)[x.rows, x.columns]


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 1e-2)])
def test_values_and_gradients_are_those_of_a_log_softmax(dtype, tolerance):
    x, (logits, offset) = target(), inputs(dtype)
    weights = torch.linspace(-1, 2, len(x.columns))
    ours, theirs = log_shares_at(logits, offset, x), picked(logits, offset, x)
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-5)
    found = torch.autograd.grad(weights @ ours, (logits, offset))
    expected = torch.autograd.grad(weights @ theirs, (logits, offset))
    assert found[0].dtype == dtype
    for mine, oracle in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, oracle, rtol=tolerance, atol=tolerance)


@pytest.mark.usefixtures("blocks")
def test_gradients_agree_with_finite_differences():
    logits, offset = (part.detach().double().requires_grad_() for part in inputs())
    assert torch.autograd.gradcheck(log_shares_at, (logits / 30, offset, target()))
