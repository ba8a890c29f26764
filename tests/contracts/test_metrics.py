"""Every metric against classes: 1 if perfect, about chance if shuffled, the same twice."""

import numpy as np
import pytest
from multiome2vec.metrics import CLASSES, REGISTRY

AGAINST_CLASSES = [name for name in REGISTRY.names() if REGISTRY.get(name).against == CLASSES]

RNG = np.random.default_rng(0)
LABELS = np.repeat(list("abcd"), 60)
CENTRES = 50 * np.eye(4, 6)
PERFECT = np.repeat(CENTRES, 60, axis=0) + RNG.normal(size=(240, 6))
CHANCE = {"ari": 0, "nmi": 0, "silhouette": 0.5, "knn_accuracy": 0.25}


@pytest.mark.parametrize("name", AGAINST_CLASSES)
def test_perfect_and_shuffled(name):
    metric = REGISTRY.get(name)
    for score in metric(PERFECT, LABELS, n_neighbors=10, seed=0).values():
        assert score == pytest.approx(1, abs=0.05)
    shuffled = metric(PERFECT, RNG.permutation(LABELS), n_neighbors=10, seed=0)
    for key, score in shuffled.items():
        assert score == pytest.approx(CHANCE[key.removesuffix("_kmeans")], abs=0.12)


@pytest.mark.parametrize("name", AGAINST_CLASSES)
def test_same_seed_same_score(name):
    blurred = PERFECT + RNG.normal(scale=25, size=PERFECT.shape)
    metric = REGISTRY.get(name)
    one = metric(blurred, LABELS, n_neighbors=10, seed=3)
    assert one == metric(blurred, LABELS, n_neighbors=10, seed=3)
