import numpy as np
import pytest
from multiome2vec.metrics import REGISTRY, silhouette
from multiome2vec.metrics._clusters import RESOLUTIONS, best_leiden
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    normalized_mutual_info_score,
    silhouette_score,
)
from sklearn.mixture import GaussianMixture

RNG = np.random.default_rng(0)
LABELS = np.repeat(list("abc"), 50)
CLOUDS = np.repeat(4 * np.eye(3, 5), 50, axis=0) + RNG.normal(size=(150, 5))


def score(name, embedding=CLOUDS, labels=LABELS, *, n_neighbors=10):
    return REGISTRY.get(name)(embedding, labels, n_neighbors=n_neighbors, seed=0)


def test_silhouette_is_sklearns_scaled():
    expected = (silhouette_score(CLOUDS, LABELS) + 1) / 2
    assert score("silhouette")["silhouette"] == pytest.approx(expected)


def test_silhouette_of_many_cells_is_that_of_a_sample(monkeypatch):
    monkeypatch.setattr(silhouette, "MAX_CELLS", 90)
    assert score("silhouette")["silhouette"] == pytest.approx(
        (silhouette_score(CLOUDS, LABELS) + 1) / 2, abs=0.03
    )


def test_kmeans_agreement_is_that_of_a_second_clustering():
    mixture = GaussianMixture(3, n_init=5, random_state=1).fit_predict(CLOUDS)
    ari, nmi = score("ari"), score("nmi")
    assert ari["ari_kmeans"] == pytest.approx(adjusted_rand_score(LABELS, mixture), abs=0.1)
    assert nmi["nmi_kmeans"] == pytest.approx(
        normalized_mutual_info_score(LABELS, mixture), abs=0.1
    )


def test_ari_and_nmi_score_the_same_leiden_clusters():
    clusters = best_leiden(CLOUDS, LABELS, n_neighbors=10, seed=0)
    assert score("ari")["ari"] == adjusted_rand_score(LABELS, clusters)
    assert score("nmi")["nmi"] == normalized_mutual_info_score(LABELS, clusters)
    found = score("ami")
    assert found["ami"] == adjusted_mutual_info_score(LABELS, clusters)
    assert found["ami_kmeans"] < score("nmi")["nmi_kmeans"]


def test_clisi_is_of_the_neighbours_classes():
    """Cells of two of three classes in each other's places: half a step from 1 to 0."""
    assert score("clisi")["clisi"] == pytest.approx(1, abs=0.1)
    both = np.where(LABELS == "c", "c", RNG.permutation(np.repeat(["a", "b"], 75)))
    cells = np.where((both == "c")[:, None], 50.0, 0.0) + RNG.normal(size=(150, 3))
    assert score("clisi", cells, both)["clisi"] == pytest.approx(0.5, abs=0.1)


def test_resolution_fits_the_grain_of_the_classes():
    """Two far groups of two near groups each: two classes or four, the clusters follow."""
    assert (RESOLUTIONS[0], RESOLUTIONS[-1], len(RESOLUTIONS)) == (0.1, 2.0, 20)
    centres = np.array([[0, 0], [0, 12], [100, 0], [100, 12]])
    cells = np.repeat(centres, 40, axis=0) + RNG.normal(size=(160, 2))
    for classes in (np.repeat([0, 1], 80), np.repeat([0, 1, 2, 3], 40)):
        assert score("ari", cells, classes, n_neighbors=42)["ari"] > 0.9


def test_leiden_leaves_the_global_random_numbers_alone():
    import random

    random.seed(5)
    expected = random.random()
    random.seed(5)
    best_leiden(CLOUDS + 1, LABELS, n_neighbors=10, seed=0)
    assert random.random() == expected


def test_knn_accuracy_weighs_classes_alike():
    """All of a large class right and all of a small one wrong is one half."""
    cells = np.concatenate([RNG.normal(size=(90, 2)), RNG.normal(size=(10, 2))])
    classes = np.repeat(["large", "small"], [90, 10])
    assert score("knn", cells, classes, n_neighbors=25)["knn_accuracy"] == 0.5


def test_knn_leaves_out_classes_smaller_than_the_folds():
    classes = LABELS.copy()
    classes[:3] = "rare"
    without = score("knn", CLOUDS[3:], LABELS[3:])
    assert score("knn", CLOUDS, classes) == without
