import numpy as np
from multiome2vec.metrics import REGISTRY
from multiome2vec.metrics.pseudotime import _root

RNG = np.random.default_rng(0)


def score(embedding, time):
    metric = REGISTRY.get("pseudotime")
    return metric(embedding, time, n_neighbors=15, seed=0)["pseudotime_spearman"]


def test_order_along_a_noisy_curve():
    time = RNG.random(200)
    curve = np.column_stack([np.cos(3 * time), np.sin(3 * time), RNG.normal(scale=0.05, size=200)])
    assert score(curve, time) > 0.95
    assert abs(score(RNG.normal(size=(200, 3)), time)) < 0.4


def test_cells_that_hang_nowhere_are_last():
    """The first half of the time in one piece, the second far away: half of the order is known."""
    time = np.linspace(0, 1, 200)
    place = np.column_stack([10 * time + 1e4 * (time > 0.5), RNG.normal(scale=0.05, size=200)])
    assert 0.8 < score(place, time) < 0.95
    flipped = place.copy()
    flipped[time > 0.5] = flipped[time > 0.5][::-1]
    assert abs(score(flipped, time) - score(place, time)) < 0.02


def test_root_is_central_among_the_earliest():
    time = np.arange(100) / 100
    place = np.column_stack([time, np.zeros(100)])
    place[0] = [50, 50]  # the very first cell is misplaced
    assert _root(place, time) in (1, 2, 3, 4)
