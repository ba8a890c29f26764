import numpy as np
import pytest
from multiome2vec.data import statistics
from multiome2vec.data.statistics import density, log_share_variance, raw_sums
from multiome2vec.data.stores import DenseStore, MemoryStore

RNG = np.random.default_rng(0)
COUNTS = RNG.poisson(0.3, (60, 9))
ROWS = np.array([41, 3, 7, 20, 59, 33, 8])


@pytest.fixture(autouse=True)
def _chunks(monkeypatch):
    monkeypatch.setattr(statistics, "ROWS_AT_A_TIME", 3)


def test_sums_of_counts():
    found = raw_sums(MemoryStore.from_matrix(COUNTS), ROWS)
    values = COUNTS[ROWS]
    assert found.n_cells == 7
    assert found.count.tolist() == [7] * 9
    np.testing.assert_array_equal(found.total, values.sum(0))
    np.testing.assert_array_equal(found.square, (values**2).sum(0))
    np.testing.assert_array_equal(found.n_open, (values > 0).sum(0))
    assert found.median_library == np.median(values.sum(1))
    logs = np.log(np.maximum(values.sum(1), 1))
    np.testing.assert_allclose(found.log_library, (logs.mean(), logs.std()))


def test_sums_of_scores_leave_out_what_is_undefined():
    scores, defined = RNG.normal(size=(60, 4)), RNG.random((60, 4)) < 0.6
    found = raw_sums(DenseStore(scores, defined), ROWS)
    kept = np.where(defined, scores, 0)[ROWS]
    np.testing.assert_array_equal(found.count, defined[ROWS].sum(0))
    np.testing.assert_allclose(found.total, kept.sum(0), rtol=1e-6)
    np.testing.assert_allclose(found.square, (kept**2).sum(0), rtol=1e-6)
    np.testing.assert_array_equal(found.n_open, (kept > 0).sum(0))
    np.testing.assert_allclose(found.median_library, np.median(kept.sum(1)), rtol=1e-5)


def test_no_cells():
    found = raw_sums(MemoryStore.from_matrix(COUNTS), ROWS[:0])
    assert (found.n_cells, found.median_library, found.total.sum()) == (0, 0, 0)
    assert found.log_library == (0, 0)


def test_density_is_that_of_the_matrix():
    assert density(MemoryStore.from_matrix(COUNTS)) == (COUNTS > 0).mean()
    large = (RNG.random((5000, 20)) < 0.07).astype(int)
    assert density(MemoryStore.from_matrix(large)) == pytest.approx(0.07, rel=0.1)


def test_variance_of_log_shares():
    store = MemoryStore.from_matrix(COUNTS)
    values = COUNTS[ROWS].astype(float)
    shares = np.log1p(1e4 * values / np.maximum(values.sum(1, keepdims=True), 1))
    np.testing.assert_allclose(log_share_variance(store, ROWS, scale=1e4), shares.var(0))
    np.testing.assert_allclose(log_share_variance(store, ROWS, scale=None), values.var(0))
