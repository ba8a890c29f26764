"""Every metric: 1 if perfect, low if not, the same twice, refused where it has no meaning."""

import numpy as np
import pytest
from multiome2vec.metrics import BATCHES, CLASSES, PHASES, PSEUDOTIME, REGISTRY, Undefined

RNG = np.random.default_rng(0)
LABELS = np.repeat(list("abcd"), 60)
CENTRES = 50 * np.eye(4, 6)
PERFECT = np.repeat(CENTRES, 60, axis=0) + RNG.normal(size=(240, 6))
HALVES = np.tile(["x", "y"], 120)
TIME = np.linspace(0, 1, 240)
LINE = np.column_stack([40 * TIME, RNG.normal(scale=0.3, size=(240, 3))])
CHANCE = {"ari": 0, "nmi": 0, "ami": 0, "clisi": 0, "silhouette": 0.5, "knn_accuracy": 0.25}
CHANCE["phase_knn"] = 0.25


def of_kind(against):
    return [name for name in REGISTRY.names() if REGISTRY.get(name).against == against]


def score(name, *arguments, n_neighbors=10, seed=0):
    return REGISTRY.get(name)(*arguments, n_neighbors=n_neighbors, seed=seed)


def test_every_metric_is_of_a_known_kind():
    kinds = [of_kind(against) for against in (CLASSES, BATCHES, PSEUDOTIME, PHASES)]
    assert sorted(sum(kinds, [])) == REGISTRY.names()


@pytest.mark.parametrize("name", of_kind(CLASSES) + of_kind(PHASES))
def test_classes_perfect_and_shuffled(name):
    for value in score(name, PERFECT, LABELS).values():
        assert value == pytest.approx(1, abs=0.05)
    for key, value in score(name, PERFECT, RNG.permutation(LABELS)).items():
        assert value == pytest.approx(CHANCE[key.removesuffix("_kmeans")], abs=0.12)


@pytest.mark.parametrize("name", of_kind(CLASSES) + of_kind(PHASES))
def test_one_class_is_refused(name):
    with pytest.raises(Undefined, match="class"):
        score(name, PERFECT, np.repeat("a", 240))


@pytest.mark.parametrize("name", of_kind(BATCHES))
def test_batches_mixed_and_apart(name):
    mixed = score(name, PERFECT, LABELS, HALVES)
    assert [value for value in mixed.values() if value < 0.9] == []
    torn = PERFECT + np.where(HALVES == "y", 200, 0)[:, None]
    assert [value for value in score(name, torn, LABELS, HALVES).values() if value > 0.55] == []


@pytest.mark.parametrize("name", of_kind(PSEUDOTIME))
def test_trajectory_in_order_and_shuffled(name):
    for value in score(name, LINE, TIME).values():
        assert value == pytest.approx(1, abs=0.03)
    for value in score(name, LINE, RNG.permutation(TIME)).values():
        assert abs(value) < 0.25
    with pytest.raises(Undefined, match="too few"):
        score(name, LINE[:5], TIME[:5])


@pytest.mark.parametrize("name", REGISTRY.names())
def test_same_seed_same_score(name):
    arguments = {CLASSES: [LABELS], BATCHES: [LABELS, HALVES], PSEUDOTIME: [TIME]}
    arguments[PHASES] = [LABELS]
    blurred = PERFECT + np.random.default_rng(1).normal(scale=25, size=PERFECT.shape)
    given = [blurred, *arguments[REGISTRY.get(name).against]]
    assert score(name, *given, seed=3) == score(name, *given, seed=3)
