import numpy as np
import pytest
import torch
from multiome2vec.models.transforms import TRANSFORMS, FeatureStatistics, Standardise
from multiome2vec.nn.sparse_rows import SparseRows

X = torch.tensor([[0.0, 2.0, 6.0], [1.0, 0.0, 3.0]])
LIBRARY = X.sum(dim=1, keepdim=True)
TF = np.array([[0, 0.25, 0.75], [0.25, 0, 0.75]])
TOTAL = np.array([5.0, 0.0, 20.0])
IDF = np.array([2.0, 10.0, 0.5])  # 10 cells; a feature never seen counts as seen once
SPARSE = SparseRows.from_csr(
    torch.tensor([0, 2, 4]),
    torch.tensor([1, 2, 0, 2]),
    torch.tensor([2.0, 6.0, 1.0, 3.0]),
    n_columns=3,
)
EXPECTED = {
    "binary": TF > 0,
    "cps": 6 * TF,
    "identity": X.numpy(),
    "log-library": np.log1p(1e4 * TF),
    "log1p": np.log1p(X.numpy()),
    "log1p-cps": np.log1p(6 * TF),
    "tfidf-1": np.log1p(1e4 * TF * IDF),
    "tfidf-2": TF * np.log(1 + IDF),
    "tfidf-3": np.log1p(1e4 * TF) * np.log(1 + IDF),
}


def fitted(name):
    transform = TRANSFORMS[name](3)
    transform.fit(FeatureStatistics(10, TOTAL, TOTAL / 10, np.ones(3), median_library=6.0))
    return transform


def test_statistics_from_sums_match_numpy():
    values = np.random.default_rng(0).normal(3, 2, (20, 4))
    values[:, 3] = 5
    found = FeatureStatistics.from_sums(
        20, count=np.full(4, 20), total=values.sum(0), square=(values**2).sum(0)
    )
    np.testing.assert_allclose(found.mean, values.mean(0))
    np.testing.assert_allclose(found.sd[:3], values.std(0)[:3])
    assert found.sd[3] == 1


@pytest.mark.parametrize("name", sorted(TRANSFORMS))
def test_transforms_agree_with_their_formulas(name):
    """Among them: TF-IDF 1 and 3 hold their logarithm already and are not logged again."""
    np.testing.assert_allclose(fitted(name)(X, LIBRARY), EXPECTED[name], rtol=1e-5)


@pytest.mark.parametrize("name", sorted(TRANSFORMS))
def test_sparse_rows_stay_sparse_and_agree_with_dense_ones(name):
    found = fitted(name)(SPARSE, LIBRARY)
    assert isinstance(found, SparseRows)
    assert found.columns is SPARSE.columns
    assert len(found.values) == 4
    torch.testing.assert_close(found.dense(), fitted(name)(X, LIBRARY))


def test_statistics_are_those_of_the_training_cells_whatever_is_transformed():
    transform = fitted("tfidf-1")
    alone = transform(X[:1], LIBRARY[:1])
    torch.testing.assert_close(transform(X, LIBRARY)[:1], alone)
    saved = transform.state_dict()
    np.testing.assert_allclose(saved["inverse_frequency"], IDF)


def test_counts_per_scale_keep_sparse_cells_alive_and_sum_to_the_scale():
    """The original's scale was the median over a cell's features, 0 where most are 0."""
    sparse_cells = torch.zeros(4, 100)
    sparse_cells[:, :3] = torch.tensor([1.0, 2.0, 5.0])
    transform = TRANSFORMS["cps"](100)
    total = sparse_cells.sum(dim=0).numpy()
    transform.fit(FeatureStatistics(4, total, total / 4, np.ones(100), median_library=8.0))
    assert float(sparse_cells.median(dim=1).values.max()) == 0
    scaled = transform(sparse_cells, sparse_cells.sum(dim=1, keepdim=True))
    torch.testing.assert_close(scaled.sum(dim=1), torch.full((4,), 8.0))


def test_log1p_comes_after_the_library():
    """The original took logarithms first, which then summed to the scale."""
    deep, library = 1000 * X, 1000 * LIBRARY
    transform = fitted("log1p-cps")
    torch.testing.assert_close(transform(deep, library), transform(X, LIBRARY))
    logs = torch.log1p(X)
    reverse = 6 * logs / logs.sum(dim=1, keepdim=True)
    assert not torch.allclose(transform(X, LIBRARY), reverse, rtol=0.1)


@pytest.mark.parametrize("name", ["cps", "log1p-cps"])
def test_statistics_without_a_median_library_are_refused(name):
    with pytest.raises(ValueError, match="median_library"):
        TRANSFORMS[name](3).fit(FeatureStatistics(10, TOTAL, TOTAL / 10, np.ones(3)))


def test_standardised_values_are_clipped():
    transform = Standardise(3)
    transform.fit(
        FeatureStatistics(10, np.zeros(3), np.array([0.0, 1.0, 0.0]), np.array([1, 2, 0.1]))
    )
    expected = [[0.0, 0.5, 10.0], [1.0, -0.5, 10.0]]
    np.testing.assert_allclose(transform(X), expected)
