import math

import pytest
import torch
from multiome2vec.models.priors import effective_components, usage_entropy


def test_effective_components_are_between_one_and_all():
    assert float(effective_components(torch.full((8,), 1 / 8))) == pytest.approx(8, rel=1e-5)
    assert float(effective_components(torch.eye(8)[0])) == pytest.approx(1)
    half = torch.tensor([0.5, 0.5, 0.0, 0.0])
    assert float(effective_components(half)) == pytest.approx(2, rel=1e-5)


def test_usage_is_the_entropy_of_the_mean_and_not_the_mean_of_the_entropies():
    confident = torch.eye(4).repeat(3, 1)
    assert float(usage_entropy(confident)) == pytest.approx(math.log(4), rel=1e-5)
    assert float(usage_entropy(torch.eye(4)[:1].repeat(9, 1))) == pytest.approx(0, abs=1e-6)


def test_fault_usage_was_minimised():
    """scMVP added +25 · H(ḡ) to its loss; taking the term off makes a step raise the entropy."""
    torch.manual_seed(0)
    logits = (torch.randn(50, 6) + torch.tensor([3.0, 0, 0, 0, 0, 0])).requires_grad_()
    before = usage_entropy(logits.softmax(dim=1))
    (-before).backward()
    after = usage_entropy((logits - 5.0 * logits.grad).softmax(dim=1))
    assert after > before


def test_components_that_no_cell_uses_have_finite_gradients():
    logits = torch.tensor([[0.0, 1.0, -500.0]] * 4).requires_grad_()
    usage_entropy(logits.softmax(dim=1)).backward()
    assert torch.isfinite(logits.grad).all()
