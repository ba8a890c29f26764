import numpy as np
import pytest
from multiome2vec.metrics import Undefined
from multiome2vec.scores import clusters
from multiome2vec.scores.clusters import cluster_curve
from sklearn import metrics
from sklearn.cluster import KMeans

CENTRES = np.random.default_rng(0).normal(scale=20, size=(4, 5))
POINTS = np.repeat(CENTRES, 50, axis=0) + np.random.default_rng(1).normal(size=(200, 5))


def test_the_true_number_of_clusters_is_best():
    found = cluster_curve(POINTS, seed=0)
    assert len(found) == 3 * 9 + 1
    assert found["best_k"] == 4
    labels = KMeans(4, n_init=10, random_state=0).fit_predict(POINTS)
    assert found["silhouette_4"] == pytest.approx(metrics.silhouette_score(POINTS, labels))
    assert found["calinski_harabasz_4"] == max(
        value for name, value in found.items() if name.startswith("calinski")
    )
    assert found["davies_bouldin_4"] == pytest.approx(metrics.davies_bouldin_score(POINTS, labels))


def test_silhouettes_of_a_sample_are_near_those_of_all(monkeypatch):
    every = cluster_curve(POINTS, numbers=[4], seed=0)["silhouette_4"]
    monkeypatch.setattr(clusters, "LARGEST_SAMPLE", 80)
    assert cluster_curve(POINTS, numbers=[4], seed=0)["silhouette_4"] == pytest.approx(
        every, abs=0.05
    )


def test_few_points():
    assert set(cluster_curve(POINTS[::60], seed=0)) == {
        f"{name}_{k}" for name in ("silhouette", "calinski_harabasz", "davies_bouldin")
        for k in (2, 3)
    } | {"best_k"}  # fmt: skip
    with pytest.raises(Undefined, match="2 different points"):
        cluster_curve(np.repeat(POINTS[:2], 20, axis=0), seed=0)
