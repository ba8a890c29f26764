import numpy as np
import pytest
from multiome2vec.metrics import REGISTRY, Undefined
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.mixture import GaussianMixture

RNG = np.random.default_rng(0)
LABELS = np.repeat(list("abc"), 50)
CLOUDS = np.repeat(4 * np.eye(3, 5), 50, axis=0) + RNG.normal(size=(150, 5))


def test_silhouette_is_sklearns_scaled():
    found = REGISTRY.get("silhouette")(CLOUDS, LABELS, n_neighbors=5, seed=0)
    assert found["silhouette"] == pytest.approx((silhouette_score(CLOUDS, LABELS) + 1) / 2)


def test_kmeans_agreement_is_that_of_a_second_clustering():
    found = REGISTRY.get("ari")(CLOUDS, LABELS, n_neighbors=10, seed=0)
    mixture = GaussianMixture(3, n_init=5, random_state=1).fit_predict(CLOUDS)
    assert found["ari_kmeans"] == pytest.approx(adjusted_rand_score(LABELS, mixture), abs=0.1)


def test_one_class_is_not_defined():
    for name in ("silhouette", "knn"):
        with pytest.raises(Undefined, match=r".+"):
            REGISTRY.get(name)(CLOUDS, np.repeat("a", 150), n_neighbors=5, seed=0)


def test_pseudotime_of_a_noisy_curve():
    def score(embedding, time):
        return REGISTRY.get("pseudotime")(embedding, time, n_neighbors=15, seed=0)

    time = RNG.random(200)
    curve = np.column_stack([np.cos(3 * time), np.sin(3 * time), RNG.normal(scale=0.05, size=200)])
    assert score(curve, time)["pseudotime_spearman"] > 0.95
    noise = RNG.normal(size=(200, 3))
    assert abs(score(noise, time)["pseudotime_spearman"]) < 0.4
    with pytest.raises(Undefined, match="too few"):
        score(curve[:5], time[:5])


def test_batches_mixed_and_apart():
    def score(embedding, batches):
        metric = REGISTRY.get("batch-silhouette")
        return metric(embedding, LABELS, batches, n_neighbors=5, seed=0)["batch_silhouette"]

    batches = np.tile(["x", "y"], 75)
    assert score(CLOUDS, batches) > 0.9
    assert score(CLOUDS + np.where(batches == "y", 30, 0)[:, None], batches) < 0.2
    with pytest.raises(Undefined, match="no class occurs in two batches"):
        score(CLOUDS, LABELS)
