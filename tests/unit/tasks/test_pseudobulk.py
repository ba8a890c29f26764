import json

import numpy as np
import pandas as pd
import pytest
from multiome2vec.errors import ContractError, UserError
from multiome2vec.io.atomic import write_json, write_tsv
from multiome2vec.tasks.pseudobulk import (
    dirichlet_mixtures,
    normalise,
    pseudobulk,
)
from scipy import sparse
from scipy.stats import kstest

RNG = np.random.default_rng(0)
N_CELLS, N_GENES = 400, 30
PROFILES = RNG.gamma(1, 2, (4, N_GENES))
KIND = RNG.integers(0, 4, N_CELLS)
LABELS = np.array(["B", "NK", "T", "unlabelled"])[KIND]
DONORS = np.array(["d1", "d2", "d3"])[RNG.integers(0, 3, N_CELLS)]
COUNTS = sparse.csr_matrix(RNG.poisson(PROFILES[KIND]).astype(np.int32))


@pytest.fixture
def bulk():
    return pseudobulk(COUNTS, donors=DONORS, labels=LABELS)


@pytest.mark.parametrize("dtype", [np.int32, np.float32, np.uint8])
def test_sums_are_exact(dtype):
    found = pseudobulk(COUNTS.astype(dtype), donors=DONORS, labels=LABELS)
    assert len(found.groups) == 9
    assert found.counts.dtype == np.int64
    for row, (donor, label, n_cells) in enumerate(found.groups.itertuples(index=False)):
        mine = (donor == DONORS) & (label == LABELS)
        assert n_cells == mine.sum()
        np.testing.assert_array_equal(
            found.counts[row].toarray()[0], COUNTS.toarray()[mine].sum(axis=0)
        )


def test_sums_of_small_integers_do_not_overflow():
    counts = sparse.csr_matrix(np.full((300, 2), 200, np.uint8))
    found = pseudobulk(counts, donors=["d"] * 300, labels=["a"] * 300)
    np.testing.assert_array_equal(found.counts.toarray(), [[60_000, 60_000]])


def test_fault_addition_in_place_corrupts_the_first_cell():
    """The source is what it was, first cells of all types included."""
    source, before = COUNTS.copy(), COUNTS.toarray()
    first = pseudobulk(source, donors=DONORS, labels=LABELS)
    again = pseudobulk(source, donors=DONORS, labels=LABELS)
    np.testing.assert_array_equal(source.toarray(), before)
    np.testing.assert_array_equal(first.counts.toarray(), again.counts.toarray())
    normalise(first.counts)
    np.testing.assert_array_equal(first.counts.toarray(), again.counts.toarray())


def test_fault_sums_of_log_values():
    for values in (COUNTS.log1p(), -COUNTS):
        with pytest.raises(ContractError, match=r"not counts.*layers\['counts'\]"):
            pseudobulk(values, donors=DONORS, labels=LABELS)


def test_fault_not_normalised_for_the_number_of_cells():
    """A type of which a donor has twice the cells has the same profile."""
    twice = pseudobulk(
        sparse.vstack([COUNTS, COUNTS]).tocsr(),
        donors=np.tile(DONORS, 2),
        labels=np.tile(LABELS, 2),
    )
    once = pseudobulk(COUNTS, donors=DONORS, labels=LABELS)
    assert (twice.groups["cells"] == 2 * once.groups["cells"]).all()
    np.testing.assert_allclose(
        normalise(twice.counts).toarray(), normalise(once.counts).toarray(), rtol=1e-6
    )


def test_small_groups_are_left_out(bulk):
    found = pseudobulk(COUNTS, donors=DONORS, labels=LABELS, min_cells=34)
    large = bulk.groups["cells"] >= 34
    assert 0 < large.sum() < 9
    pd.testing.assert_frame_equal(found.groups, bulk.groups[large].reset_index(drop=True))
    np.testing.assert_array_equal(found.counts.toarray(), bulk.counts.toarray()[large])
    with pytest.raises(UserError, match="No donor has a type with 1000 cells"):
        pseudobulk(COUNTS, donors=DONORS, labels=LABELS, min_cells=1000)
    with pytest.raises(ContractError, match="3 donors and labels for 400 cells"):
        pseudobulk(COUNTS, donors=DONORS[:3], labels=LABELS[:3])
    donors = DONORS.astype(object)
    donors[6] = None
    with pytest.raises(ContractError, match="Cell number 7 has no donor"):
        pseudobulk(COUNTS, donors=donors, labels=LABELS)


def test_normalise_is_scanpys(bulk):
    import anndata as ad
    import scanpy as sc

    expected = ad.AnnData(bulk.counts.astype(np.float64))
    sc.pp.normalize_total(expected, target_sum=1e4)
    sc.pp.log1p(expected)
    np.testing.assert_allclose(normalise(bulk.counts).toarray(), expected.X.toarray(), rtol=1e-6)
    empty = sparse.csr_matrix((2, 5), dtype=np.int64)
    assert normalise(empty).nnz == 0


def test_mixtures_are_the_recorded_proportions_of_cells(bulk):
    mixed = dirichlet_mixtures(bulk, alpha=0.7, per_donor=5, seed=1)
    assert mixed.values.shape == (15, N_GENES)
    np.testing.assert_allclose(mixed.proportions.sum(axis=1), 1, rtol=1e-12)
    assert (mixed.proportions.to_numpy() >= 0).all()
    means = {
        (donor, label): bulk.counts[row].toarray()[0] / n
        for row, (donor, label, n) in enumerate(bulk.groups.itertuples(index=False))
    }
    for row, (donor, shares) in enumerate(
        zip(mixed.donors, mixed.proportions.itertuples(index=False), strict=True)
    ):
        expected = sum(
            share * means[donor, label]
            for label, share in zip(mixed.proportions.columns, shares, strict=True)
        )
        np.testing.assert_allclose(mixed.values[row].toarray()[0], expected, rtol=1e-9)


def test_a_type_that_a_donor_lacks_has_no_share():
    labels = np.where((DONORS == "d2") & (LABELS == "NK"), "B", LABELS)
    mixed = dirichlet_mixtures(
        pseudobulk(COUNTS, donors=DONORS, labels=labels), per_donor=4, seed=0
    )
    of_d2 = mixed.donors == "d2"
    assert (mixed.proportions.loc[of_d2, "NK"] == 0).all()
    assert (mixed.proportions.loc[~of_d2, "NK"] > 0).all()
    np.testing.assert_allclose(mixed.proportions.sum(axis=1), 1, rtol=1e-12)


def test_proportions_are_dirichlet(bulk):
    """Each of three shares is Beta(α, 2α); α = 1 is uniform over the simplex."""
    for alpha in (1.0, 4.0):
        shares = dirichlet_mixtures(bulk, alpha=alpha, per_donor=2000, seed=3).proportions["T"]
        assert kstest(shares, "beta", (alpha, 2 * alpha)).pvalue > 1e-3
    with pytest.raises(UserError, match="not above 0"):
        dirichlet_mixtures(bulk, alpha=0, seed=0)


def test_mixtures_repeat_and_are_recorded(bulk, tmp_path):
    mixed = dirichlet_mixtures(bulk, per_donor=2, seed=5)
    again = dirichlet_mixtures(bulk, per_donor=2, seed=5)
    np.testing.assert_array_equal(mixed.values.toarray(), again.values.toarray())
    other = dirichlet_mixtures(bulk, per_donor=2, seed=6)
    assert not np.allclose(mixed.proportions, other.proportions)
    assert list(mixed.proportions.index[:3]) == ["d1/0", "d1/1", "d2/0"]
    write_tsv(mixed.proportions, tmp_path / "p.tsv")
    write_json(mixed.proportions.to_dict("index"), tmp_path / "p.json")
    table = pd.read_csv(tmp_path / "p.tsv", sep="\t", index_col=0)
    np.testing.assert_allclose(table, mixed.proportions)
    text = json.loads((tmp_path / "p.json").read_text())
    assert text["d1/1"]["T"] == mixed.proportions.loc["d1/1", "T"]
