import numpy as np
import pytest
import torch
from multiome2vec.models.config import nearest_primes
from multiome2vec.models.likelihoods import Multinomial, Poisson
from multiome2vec.models.likelihoods.parts import total_in_parts
from multiome2vec.nn.sparse_rows import SparseRows
from scipy import sparse

B, H, F = 9, 4, 23


def rows(dense):
    x = sparse.csr_matrix(dense)
    parts = (torch.from_numpy(part).long() for part in (x.indptr, x.indices))
    return SparseRows.from_csr(*parts, torch.from_numpy(x.data), n_columns=x.shape[1])


@pytest.fixture
def given():
    """Hidden layer, weight, offset and counts, of which one cell has none."""
    generator = torch.Generator().manual_seed(0)
    sizes = ((B, H), (F, H), (F,))
    made = [torch.randn(size, generator=generator, dtype=torch.float64) for size in sizes]
    x = np.random.default_rng(0).poisson(0.4, (B, F)).astype(float)
    x[2] = 0
    return [part.requires_grad_() for part in made], rows(x)


def exact(hidden, weight, offset, x):
    return (x.dense() * torch.log_softmax(hidden @ weight.T + offset, dim=1)).sum(dim=1)


def test_one_part_is_a_log_softmax(given):
    arguments, x = given
    torch.testing.assert_close(total_in_parts(*arguments, x, 1), exact(*arguments, x))


@pytest.mark.parametrize("level", [-1e3, 1e3])
def test_the_level_of_the_logits_does_not_matter(given, level):
    """Exponentials of the logits as they are would be 0 or infinite."""
    (hidden, weight, offset), x = given
    found = [total_in_parts(hidden, weight, offset + by, x, 3) for by in (level, 0)]
    torch.testing.assert_close(*found)
    gradients = [torch.autograd.grad(total.sum(), (hidden, weight, offset)) for total in found]
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("parts", [1, 2, 3, 7, 11])
def test_gradients_agree_with_finite_differences(given, parts):
    arguments, x = given
    assert torch.autograd.gradcheck(lambda *tensors: total_in_parts(*tensors, x, parts), arguments)


@pytest.mark.parametrize("parts", [2, 3, 7])
def test_a_cell_in_every_part_has_the_exact_sum_on_average(parts):
    """One cell ``parts`` times: the mean of its sums, raised by their numbers of features."""
    generator = torch.Generator().manual_seed(1)
    hidden = torch.randn(1, H, generator=generator).expand(parts, H)
    weight, offset = torch.randn(F, H, generator=generator), torch.randn(F, generator=generator)
    one_count = rows(np.eye(F, dtype=np.float32)[[0] * parts])
    linear = hidden[0] @ weight[0] + offset[0]
    sums = (linear - total_in_parts(hidden, weight, offset, one_count, parts)).exp()
    sizes = torch.tensor([len(range(part, F, parts)) for part in range(parts)])
    whole = (hidden[0] @ weight.T + offset).exp().sum()
    torch.testing.assert_close((sums * sizes / F).sum(), whole, rtol=1e-5, atol=0)


@pytest.mark.parametrize("make", [Poisson, Multinomial])
def test_a_likelihood_in_one_part_is_the_exact_one(given, make):
    (hidden, weight, offset), x = given
    x, head = x.with_values(x.values.float()), make(F)
    head.shares.log_factor.data = offset.detach()
    library = x.row_sums().clamp(min=1).unsqueeze(1)
    found = head.estimate(x, hidden.float(), weight.float(), library, 1)
    exact = head.log_likelihood(x, hidden @ weight.T, library)
    torch.testing.assert_close(found, exact, rtol=1e-6, atol=0)


def test_products_in_bfloat16_are_near():
    generator = torch.Generator().manual_seed(2)
    hidden, weight = torch.randn(964, 16, generator=generator).split([64, 900])
    inputs = [part.clone().requires_grad_() for part in (hidden, weight / 4, torch.zeros(900))]
    x = rows(np.random.default_rng(0).poisson(0.1, (64, 900)).astype(np.float32))
    found = []
    for enabled in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            total = total_in_parts(*inputs, x, 3)
        found.append((total.detach(), *torch.autograd.grad(total.sum(), inputs)))
    for near, precise in zip(*found[::-1], strict=True):
        assert (near - precise).norm() < 0.02 * precise.norm()


@pytest.mark.parametrize(("numbers", "recovered"), [([2, 3, 5, 7], True), ([3], False)])
def test_parts_in_changing_numbers_tell_how_they_compare(numbers, recovered):
    """Every third feature starts e times too frequent, which fixed thirds cannot tell."""
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(210))
    start = torch.as_tensor(np.log(shares), dtype=torch.float32)
    start[::3] += 1
    offset = start.clone().requires_grad_()
    hidden, weight = torch.zeros(420, 1), torch.zeros(210, 1)
    optimiser = torch.optim.Adam([offset], lr=0.05)
    for step in range(200):
        x = rows(rng.multinomial(200, shares, size=420).astype(np.float32))
        optimiser.zero_grad()
        parts = numbers[step % len(numbers)]
        (-total_in_parts(hidden, weight, offset, x, parts).mean()).backward()
        optimiser.step()
    found = torch.softmax(offset.detach(), dim=0)[::3].sum()
    assert (abs(float(found) - shares[::3].sum()) < 0.05) == recovered


def test_primes_near_a_number():
    assert nearest_primes(3) == [2, 3, 5, 7]
    assert nearest_primes(6) == [3, 5, 7, 11]
    assert nearest_primes(36) == [31, 37, 41, 43]
    assert nearest_primes(2) == [2, 3, 5, 7]
