import numpy as np
import pytest
from multiome2vec.topics.binarize import above_threshold, gini, threshold, top_n, unit_range

RNG = np.random.default_rng(0)
TWO = np.concatenate([RNG.beta(2, 30, 900), 0.6 + RNG.beta(2, 8, 100)])


def otsu_by_search(values: np.ndarray) -> float:
    """Cut with the largest variance between the two classes, by trying all."""
    cuts = np.linspace(0.01, 0.99, 500)

    def between(cut):
        low, high = values[values <= cut], values[values > cut]
        if not len(low) or not len(high):
            return 0
        return len(low) * len(high) * (low.mean() - high.mean()) ** 2

    return cuts[np.argmax([between(cut) for cut in cuts])]


def test_otsu_is_the_best_cut():
    split = threshold(TWO, method="otsu") < TWO
    assert (split == (otsu_by_search(TWO) < TWO)).mean() > 0.99


@pytest.mark.parametrize("method", ["otsu", "yen", "li"])
def test_two_separate_groups_are_told_apart(method):
    found = above_threshold(np.column_stack([TWO, 3 * TWO[::-1]]), method=method)
    expected = np.arange(1000) >= 900
    assert (found[:, 0] == expected).mean() > 0.97
    assert (found[:, 1] == expected[::-1]).mean() > 0.97


def test_equal_shares_make_no_set():
    assert not above_threshold(np.full((10, 2), 0.1), method="otsu").any()
    assert (unit_range(np.full((10, 2), 0.1)) == 0).all()


def test_top_regions():
    shares = RNG.random((50_000, 2))
    found = top_n(shares)
    assert found.sum(axis=0).tolist() == [3000, 3000]
    for column, chosen in zip(shares.T, found.T, strict=True):
        assert column[chosen].min() > column[~chosen].max()
    assert top_n(shares[:200]).sum(axis=0).tolist() == [20, 20]


def test_gini():
    assert gini(np.ones(7)) == pytest.approx(0)
    assert gini(np.array([0, 0, 0, 1.0])) == pytest.approx(0.75)
    values = RNG.random(30)
    differences = np.abs(values[:, None] - values).mean()
    assert gini(values) == pytest.approx(differences / (2 * values.mean()))
