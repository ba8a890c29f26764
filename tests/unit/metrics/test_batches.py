import numpy as np
import pytest
from harmonypy.lisi import compute_lisi
from multiome2vec.metrics import REGISTRY, Undefined
from multiome2vec.metrics.ilisi import lisi
from pandas import DataFrame
from sklearn.metrics import silhouette_samples

RNG = np.random.default_rng(0)
CLASSES = np.repeat(["a", "b"], 150)
BATCHES = RNG.choice(["x", "y", "z"], 300)
CELLS = RNG.normal(size=(300, 4)) + np.where(CLASSES == "a", 6, 0)[:, None]
SHIFTED = CELLS + np.where(BATCHES == "x", 1.5, 0)[:, None]


def score(name, embedding, classes=CLASSES, batches=BATCHES):
    found = REGISTRY.get(name)(embedding, classes, batches, n_neighbors=10, seed=0)
    return found[name.replace("-", "_")]


def test_lisi_is_harmonypys():
    expected = compute_lisi(SHIFTED, DataFrame({"batch": BATCHES}), ["batch"], 30)[:, 0]
    found = lisi(SHIFTED, BATCHES)
    np.testing.assert_allclose(found, expected, rtol=0.02)
    assert np.corrcoef(found, expected)[0, 1] > 0.995


def test_lisi_of_one_batch_is_one_and_of_equal_shares_their_number():
    assert lisi(CELLS, np.repeat("x", 300)) == pytest.approx(np.ones(300))
    ring = np.exp(2j * np.pi * np.arange(400) / 400)
    circle = np.column_stack([ring.real, ring.imag])
    assert lisi(circle, np.tile(list("abcd"), 100)) == pytest.approx(np.full(400, 4), rel=0.03)


def test_ilisi_is_scaled_to_the_number_of_batches():
    scaled = (np.median(lisi(SHIFTED, BATCHES)) - 1) / 2
    assert score("ilisi", SHIFTED) == pytest.approx(scaled)
    assert score("ilisi", SHIFTED) < score("ilisi", CELLS)
    with pytest.raises(Undefined, match="one batch only"):
        score("ilisi", CELLS, batches=np.repeat("x", 300))


def test_batch_silhouette_is_the_mean_over_classes_of_sklearns():
    halves = [slice(0, 150), slice(150, 300)]
    widths = [silhouette_samples(SHIFTED[half], BATCHES[half]) for half in halves]
    expected = np.mean([1 - np.abs(width).mean() for width in widths])
    assert score("batch-silhouette", SHIFTED) == pytest.approx(expected)


def test_batch_silhouette_needs_a_class_in_two_batches():
    with pytest.raises(Undefined, match="no class occurs in two batches"):
        score("batch-silhouette", CELLS, batches=CLASSES)


def test_graph_connectivity_of_a_torn_class():
    """Class a hangs together; class b lies in pieces of 100 and 50 cells: (1 + 2/3) / 2."""
    place = np.repeat([0, 1, 2], [150, 100, 50])
    cells = RNG.normal(size=(300, 2)) * 0.1 + 1000 * place[:, None]
    assert score("graph-connectivity", cells) == pytest.approx((1 + 2 / 3) / 2)
