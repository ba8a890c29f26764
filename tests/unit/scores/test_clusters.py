import numpy as np
import pytest
from multiome2vec.metrics import Undefined
from multiome2vec.scores import clusters
from multiome2vec.scores.clusters import cluster_curve
from sklearn import metrics
from sklearn.cluster import KMeans

CENTRES = np.random.default_rng(0).normal(scale=20, size=(4, 5))
ORACLES = {
    "silhouette": metrics.silhouette_score,
    "calinski_harabasz": metrics.calinski_harabasz_score,
    "davies_bouldin": metrics.davies_bouldin_score,
}
POINTS = np.repeat(CENTRES, 50, axis=0) + np.random.default_rng(1).normal(size=(200, 5))


def test_the_true_number_of_clusters_is_best():
    found = cluster_curve(POINTS, seed=0)
    assert found.index.tolist() == list(range(2, 11))
    assert found["silhouette"].idxmax() == found["calinski_harabasz"].idxmax() == 4
    assert found["davies_bouldin"].idxmin() == 4
    labels = KMeans(4, n_init=10, random_state=0).fit_predict(POINTS)
    for name, oracle in ORACLES.items():
        assert found.loc[4, name] == pytest.approx(oracle(POINTS, labels))


def test_silhouettes_of_a_sample_are_near_those_of_all(monkeypatch):
    every = cluster_curve(POINTS, numbers=[4], seed=0)["silhouette"]
    monkeypatch.setattr(clusters, "LARGEST_SAMPLE", 80)
    found = cluster_curve(POINTS, numbers=[4], seed=0)["silhouette"]
    np.testing.assert_allclose(found, every, atol=0.05)


def test_few_points():
    found = cluster_curve(POINTS[::60], seed=0)
    assert found.index.tolist() == [2, 3]
    assert list(found) == list(ORACLES)
    with pytest.raises(Undefined, match="2 different points"):
        cluster_curve(np.repeat(POINTS[:2], 20, axis=0), seed=0)
