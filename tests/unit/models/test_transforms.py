import numpy as np
import torch
from multiome2vec.models.transforms import FeatureStatistics, LogLibrary, Standardise, TfIdf

X = torch.tensor([[0.0, 2.0, 6.0], [1.0, 0.0, 3.0]])
LIBRARY = X.sum(dim=1, keepdim=True)


def test_statistics_from_sums_match_numpy():
    values = np.random.default_rng(0).normal(3, 2, (20, 4))
    values[:, 3] = 5
    found = FeatureStatistics.from_sums(
        20, count=np.full(4, 20), total=values.sum(0), square=(values**2).sum(0)
    )
    np.testing.assert_allclose(found.mean, values.mean(0))
    np.testing.assert_allclose(found.sd[:3], values.std(0)[:3])
    assert found.sd[3] == 1


def test_log_library():
    expected = np.log1p(1e4 * np.array([[0, 0.25, 0.75], [0.25, 0, 0.75]]))
    np.testing.assert_allclose(LogLibrary(3)(X, LIBRARY), expected, rtol=1e-6)


def test_tfidf_uses_the_frequencies_of_the_training_cells():
    transform = TfIdf(3)
    total = np.array([5.0, 0.0, 20.0])
    transform.fit(FeatureStatistics(10, total, total / 10, np.ones(3)))
    tf = np.array([[0, 0.25, 0.75], [0.25, 0, 0.75]])
    expected = np.log1p(1e4 * tf * np.array([2.0, 10.0, 0.5]))
    np.testing.assert_allclose(transform(X, LIBRARY), expected, rtol=1e-6)


def test_standardised_values_are_clipped():
    transform = Standardise(3)
    transform.fit(
        FeatureStatistics(10, np.zeros(3), np.array([0.0, 1.0, 0.0]), np.array([1, 2, 0.1]))
    )
    expected = [[0.0, 0.5, 10.0], [1.0, -0.5, 10.0]]
    np.testing.assert_allclose(transform(X), expected)
