import math

import numpy as np
import pytest
import torch
from multiome2vec.errors import UserError
from multiome2vec.models.contrastive import (
    Projection,
    add_noise,
    chance_level,
    info_nce,
    thin_counts,
)
from multiome2vec.nn.sparse_rows import SparseRows, densify
from scipy.sparse import csr_matrix
from torch.nn import functional


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def sparse(dense):
    csr = csr_matrix(dense.numpy())
    arrays = (csr.indptr.astype(np.int64), csr.indices.astype(np.int64), csr.data)
    return SparseRows.from_csr(*map(torch.from_numpy, arrays), n_columns=dense.shape[1])


@pytest.fixture
def counts():
    return torch.poisson(torch.full((200, 50), 4.0), seeded())


@pytest.fixture
def vectors():
    return torch.randn(6, 4, generator=seeded(1)), torch.randn(6, 4, generator=seeded(2))


def test_one_positive_each_is_the_cross_entropy(vectors):
    a, b = vectors
    cosine = functional.cosine_similarity(a[:, None], b[None], dim=2) / 0.2
    order = torch.arange(6)
    expected = (
        functional.cross_entropy(cosine, order) + functional.cross_entropy(cosine.T, order)
    ) / 2
    torch.testing.assert_close(info_nce(a, b, torch.eye(6, dtype=torch.bool), 0.2), expected)


def test_several_positives_by_hand(vectors):
    a, b = vectors[0], vectors[1][:4]
    positives = torch.rand(6, 4, generator=seeded(3)) < 0.4
    positives[0] = False
    e = np.exp(functional.cosine_similarity(a[:, None], b[None], dim=2).numpy() / 0.5)
    ways = []
    for matrix, chosen in ((e, positives.numpy()), (e.T, positives.numpy().T)):
        rows = [
            -np.log(r[c].sum() / r.sum()) for r, c in zip(matrix, chosen, strict=True) if any(c)
        ]
        ways.append(np.mean(rows))
    assert float(info_nce(a, b, positives, 0.5)) == pytest.approx(np.mean(ways), rel=1e-5)


def test_without_positives_the_loss_is_zero(vectors):
    a = vectors[0].requires_grad_()
    loss = info_nce(a, vectors[1], torch.zeros(6, 6, dtype=torch.bool), 0.1)
    loss.backward()
    assert float(loss.detach()) == 0
    assert torch.isfinite(a.grad).all()


@pytest.mark.parametrize("several", [False, True])
def test_chance_level_is_the_loss_of_equal_similarities(several):
    positives = torch.eye(32, dtype=torch.bool)
    if several:
        positives = torch.rand(8, 32, generator=seeded()) < 0.2
    same = (torch.ones(len(positives), 3), torch.ones(32, 3))
    level = chance_level(positives)
    assert level == pytest.approx(float(info_nce(*same, positives, 0.07)), rel=1e-5)
    if not several:
        assert level == pytest.approx(math.log(32))


def test_perfect_agreement_is_far_below_chance():
    a = torch.eye(16)
    positives = torch.eye(16, dtype=torch.bool)
    assert float(info_nce(a, a, positives, 0.07)) < 0.01 * chance_level(positives)


def test_fault_a_head_that_learns_nothing(vectors):
    """The contrastive run that was published ended at 94 % of chance."""
    torch.manual_seed(0)
    cells = torch.randn(32, 10)
    head = Projection(10, 32, 8)
    optimiser = torch.optim.Adam(head.parameters(), lr=1e-2)
    positives = torch.eye(32, dtype=torch.bool)
    for _ in range(60):
        views = [cells + 0.1 * torch.randn(32, 10) for _ in range(2)]
        loss = info_nce(head(views[0]), head(views[1]), positives, 0.2)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert float(loss.detach()) < 0.7 * chance_level(positives)


def test_projections_have_length_one():
    torch.manual_seed(0)
    out = Projection(5, 7, 3)(torch.randn(4, 5))
    assert out.shape == (4, 3)
    torch.testing.assert_close(out.norm(dim=1), torch.ones(4))


@pytest.mark.parametrize(
    "augment",
    [
        lambda x, g: add_noise(x, sd=0.3, generator=g),
        lambda x, g: thin_counts(x, keep=0.7, generator=g),
    ],
)
def test_views_are_fixed_by_the_generator_and_leave_the_cells_alone(counts, augment):
    for values in (counts, sparse(counts)):
        before = densify(values).clone()
        first, second = densify(augment(values, seeded())), densify(augment(values, seeded()))
        assert torch.equal(first, second)
        assert not torch.equal(first, before)
        assert not torch.equal(first, densify(augment(values, seeded(1))))
        assert torch.equal(densify(values), before)


def test_sparse_views_stay_sparse(counts):
    rows = sparse(counts)
    for view in (
        add_noise(rows, sd=9.0, generator=seeded()),
        thin_counts(rows, keep=0.5, generator=seeded()),
    ):
        assert torch.equal(view.columns, rows.columns)
        assert view.values.min() >= 0


def test_noise_has_its_standard_deviation():
    noise = add_noise(torch.full((100, 100), -3.0), sd=0.5, generator=seeded())
    assert float(noise.std()) == pytest.approx(0.5, rel=0.05)
    assert float(noise.mean()) == pytest.approx(-3, abs=0.02)


@pytest.mark.parametrize("layout", [torch.clone, sparse])
def test_thinned_counts_are_binomial(counts, layout):
    thinned = densify(thin_counts(layout(counts), keep=0.7, generator=seeded()))
    assert (thinned <= counts).all()
    assert torch.equal(thinned, thinned.round())
    fours = thinned[counts == 4]
    assert float(fours.mean()) == pytest.approx(2.8, abs=0.1)
    assert float(fours.var()) == pytest.approx(4 * 0.7 * 0.3, rel=0.15)


def test_only_counts_can_be_thinned():
    for values in (torch.tensor([[0.5]]), torch.tensor([[-1.0]])):
        with pytest.raises(UserError, match="Only counts"):
            thin_counts(values, keep=0.5, generator=seeded())
