import numpy as np
import pandas as pd
import pytest
from multiome2vec.errors import UserError
from multiome2vec.regulation.aucell import count_auc, first_ranks, imputed_auc, standardised
from scipy import sparse
from sklearn.metrics import roc_auc_score

CELLS, REGIONS, TOPICS, SETS, TOP = 30, 200, 5, 8, 20


@pytest.fixture
def data():
    """Topics of cells, regions of topics (some the same), counts, sets of regions."""
    rng = np.random.default_rng(0)
    theta = rng.dirichlet(np.ones(TOPICS), CELLS).astype(np.float32)
    phi = rng.dirichlet(np.full(REGIONS, 0.3), TOPICS).T.astype(np.float32)
    phi[40:60], phi[150:170] = phi[0], phi[np.argmax(phi.sum(axis=1))]
    counts = sparse.csr_matrix(rng.poisson(0.15 * rng.gamma(1, 1, REGIONS), (CELLS, REGIONS)))
    sets = (rng.random((REGIONS, SETS)) < rng.uniform(0.05, 0.4, SETS)).astype(np.uint8)
    sets[:, 2] = 0
    return theta, phi, counts, sparse.csr_matrix(sets)


def recovery_area(ranks: np.ndarray, members: np.ndarray, top: int) -> float:
    """Area below the recovery curve, rank by rank; ranks start at 0."""
    curve = [(ranks[members] <= last).sum() for last in range(top - 1)]
    return sum(curve) / (top * members.sum())


def one_order(values: np.ndarray, sets, *, top: int, rng: np.random.Generator) -> np.ndarray:
    """AUC of every cell and set, with ties in a random order."""
    found = np.zeros((len(values), sets.shape[1]))
    for cell, row in enumerate(values):
        ranks = np.empty(len(row), dtype=int)
        ranks[np.lexsort((rng.random(len(row)), -row))] = np.arange(len(row))
        for number, members in enumerate(sets.toarray().T.astype(bool)):
            if members.any():
                found[cell, number] = recovery_area(ranks, members, top)
    return found


def mean_of_orders(values, sets, *, top, orders=60):
    drawn = [one_order(values, sets, top=top, rng=np.random.default_rng(i)) for i in range(orders)]
    error = np.std(drawn, axis=0, ddof=1) / np.sqrt(orders)
    return np.mean(drawn, axis=0), error


@pytest.mark.parametrize("relative", [False, True])
def test_equals_the_recovery_curve_without_ties(data, relative):
    theta, _, _, sets = data
    phi = np.random.default_rng(1).dirichlet(np.full(REGIONS, 0.3), TOPICS).T
    values = theta.astype(float) @ phi.T
    if relative:
        values /= values.mean(axis=0)
    found = imputed_auc(theta, phi, sets, top=TOP, relative=relative)
    expected = one_order(values, sets, top=TOP, rng=np.random.default_rng(0))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found.max() > 0.1
    assert (found[:, 2] == 0).all()  # the empty set


@pytest.mark.parametrize("kind", ["imputed", "counts", "few open"])
def test_ties_are_averaged_over_their_orders(data, kind):
    theta, phi, counts, sets = data
    if kind == "imputed":
        values = theta.astype(float) @ phi.astype(float).T
        values = np.round(values, 12)  # products of the same rows may differ in the last digit
        found = imputed_auc(theta, phi, sets, top=TOP, relative=False)
    else:
        top_open = counts.multiply(counts > 1).tocsr() if kind == "few open" else counts
        values = top_open.toarray()
        assert (np.count_nonzero(values, axis=1) < TOP).all() == (kind == "few open")
        found = count_auc(top_open, sets, top=TOP)
    expected, error = mean_of_orders(values, sets, top=TOP)
    assert (error > 0).any()
    assert (np.abs(found - expected) < 5 * error + 1e-6).all()


def test_blocks_and_their_size_do_not_matter(data):
    theta, phi, counts, sets = data
    for relative in (False, True):
        found = imputed_auc(theta, phi, sets, top=TOP, relative=relative)
        for block in (1, 7 * REGIONS):
            again = imputed_auc(theta, phi, sets, top=TOP, relative=relative, block=block)
            np.testing.assert_allclose(again, found, atol=1e-7)
    half = count_auc(counts[::2], sets, top=TOP)
    np.testing.assert_array_equal(half, count_auc(counts, sets, top=TOP)[::2])


def test_explicit_zeros_and_empty_cells(data):
    counts, sets = data[2].copy(), data[3]
    counts.data[counts.indptr[0] : counts.indptr[1]] = 0
    counts.data[::3] = 0
    found = count_auc(counts, sets, top=TOP)
    stripped = sparse.csr_matrix(counts.toarray())
    np.testing.assert_array_equal(found, count_auc(stripped, sets, top=TOP))
    of_ties = (TOP - 1) / 2 / REGIONS  # all regions of the first cell are
    np.testing.assert_allclose(found[0], sets.toarray().any(axis=0) * of_ties, rtol=1e-6)


@pytest.mark.parametrize("kind", ["relative", "counts"])
def test_planted_sets_are_active_in_their_cells(kind):
    """Four kinds of cells with regions of their own, beside regions that are open in all."""
    rng = np.random.default_rng(2)
    cell, region = np.arange(120) % 4, np.repeat(np.arange(10), 60)
    theta = np.full((120, 4), 0.1) + rng.gamma(1, 0.05, (120, 4)) + 0.7 * np.eye(4)[cell]
    phi = np.where(region[:, None] == np.arange(4), 0.5, 0.02)
    phi[region > 6] = 3.0
    phi *= rng.gamma(4, 0.25, (600, 1))
    sets = sparse.csr_matrix((region[:, None] == np.arange(4)) & (rng.random((600, 4)) < 0.6))
    if kind == "counts":
        auc = count_auc(sparse.csr_matrix(rng.poisson(0.5 * theta @ phi.T)), sets, top=240)
    else:
        auc = imputed_auc(theta, phi, sets, top=60, relative=True)
        housekeeping = imputed_auc(theta, phi, sets, top=60, relative=False)
        assert housekeeping.max() == 0  # regions open in all cells have all the first ranks
    z, undefined = standardised(auc, np.ones(120, dtype=bool))
    assert not undefined.any()
    means = np.stack([z[cell == kind].mean(axis=0) for kind in range(4)])
    assert (means.argmax(axis=1) == np.arange(4)).all()
    for number in range(4):
        assert roc_auc_score(cell == number, z[:, number]) > 0.9


def test_z_scores_leave_out_cells_and_sets_without_information():
    rng = np.random.default_rng(0)
    auc = rng.random((6, 3)).astype(np.float32)
    auc[:, 1] = 0.25
    known = np.array([True] * 5 + [False])
    z, undefined = standardised(auc, known)
    assert undefined[:, 1].all()
    assert undefined[5].all()
    assert not undefined[:5, [0, 2]].any()
    assert (z[undefined] == 0).all()
    np.testing.assert_allclose(z[:5, [0, 2]].mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(z[:5, [0, 2]].std(axis=0), 1, rtol=1e-5)
    nothing = standardised(auc, np.zeros(6, dtype=bool))
    assert nothing[1].all()
    assert (nothing[0] == 0).all()


def test_too_few_regions_to_rank():
    assert first_ranks(200, threshold=0.05) == 10
    with pytest.raises(UserError, match="first 5 % of 20 regions are 1"):
        first_ranks(20, threshold=0.05)


def test_equals_ctxcore(data):
    pytest.importorskip("ctxcore", reason="ctxcore, the reference, is not installed")
    from ctxcore.genesig import GeneSignature
    from ctxcore.recovery import enrichment4cells

    theta, _, _, sets = data
    phi = np.random.default_rng(1).dirichlet(np.full(REGIONS, 0.3), TOPICS).T
    order = np.argsort(-(theta.astype(float) @ phi.T), axis=1)
    names = pd.Index([f"chr1:{i}-{i + 1}" for i in range(REGIONS)])
    ranks = pd.DataFrame(np.argsort(order, axis=1), columns=names).rename_axis("Cell")
    found = imputed_auc(theta, phi, sets, top=first_ranks(REGIONS, threshold=0.1), relative=False)
    for number in range(SETS):
        members = names[sets.toarray()[:, number] > 0]
        if len(members):
            signature = GeneSignature(f"set{number}", dict.fromkeys(members, 1.0))
            theirs = enrichment4cells(ranks, signature, auc_threshold=0.1)["AUC"].to_numpy()
            np.testing.assert_allclose(found[:, number], theirs, atol=1e-6)
