import numpy as np
import pandas as pd
import pytest
from multiome2vec.regulation.dem import balanced_background, compare, significant
from scipy import stats


@pytest.fixture
def scores():
    """Regions × 40 motifs; the first three score higher in the foreground."""
    rng = np.random.default_rng(0)
    foreground, background = (np.maximum(rng.normal(-1, 3, (n, 40)), 0) for n in (120, 300))
    foreground[:, :3] = np.maximum(rng.normal(3, 3, (120, 3)), 0)
    return foreground, background


def test_against_scipy_motif_by_motif(scores):
    foreground, background = scores
    table = compare(foreground, background)
    for motif, row in table.iterrows():
        mine, other = foreground[:, motif], background[:, motif]
        assert row["pvalue"] == pytest.approx(stats.ranksums(mine, other).pvalue)
        assert row["log2fc"] == pytest.approx(np.log2(mine.mean() / other.mean()))
        assert row["mean_foreground"] == pytest.approx(mine.mean())


def test_planted_motifs_are_the_significant_ones(scores):
    found = significant(compare(*scores), max_padj=0.05, min_log2fc=1.0)
    assert list(found.index) == [0, 1, 2]
    assert (found["padj"] >= found["pvalue"]).all()


def test_p_values_are_uniform_where_nothing_differs():
    rng = np.random.default_rng(1)
    draws = [np.maximum(rng.normal(size=(n, 2000)), 0) for n in (80, 120)]
    assert (compare(*draws)["pvalue"] < 0.05).mean() <= 0.06


def test_a_motif_without_any_score():
    found = compare(np.zeros((20, 1)), np.zeros((30, 1)))
    assert found["log2fc"].item() == 0
    assert found["pvalue"].item() == pytest.approx(1)


def test_background_has_the_gc_content_and_promoters_of_the_set():
    rng = np.random.default_rng(2)
    gc = rng.uniform(0.3, 0.7, 20_000)
    promoter = rng.random(20_000) < 0.1
    chance = np.where(promoter, 0.3, 0.02) * (gc > 0.5)
    members = np.flatnonzero(rng.random(20_000) < chance)
    chosen = balanced_background(members, np.arange(20_000), gc=gc, promoter=promoter, rng=rng)
    assert len(np.intersect1d(chosen, members)) == 0
    assert (np.diff(chosen) > 0).all()
    assert len(chosen) > len(members)
    assert promoter[chosen].mean() == pytest.approx(promoter[members].mean(), abs=0.05)
    assert gc[chosen].mean() == pytest.approx(gc[members].mean(), abs=0.01)
    assert stats.ks_2samp(gc[chosen], gc[members]).statistic < 0.1


def test_background_of_the_same_seed_is_the_same():
    gc, promoter = np.linspace(0.3, 0.7, 900), np.zeros(900, dtype=bool)
    both = [
        balanced_background(
            np.arange(400, 460), np.arange(900), gc=gc, promoter=promoter,
            rng=np.random.default_rng(5),
        )
        for _ in range(2)
    ]  # fmt: skip
    np.testing.assert_array_equal(*both)


def test_no_background_left():
    gc, promoter = np.full(50, 0.5), np.zeros(50, dtype=bool)
    rng = np.random.default_rng(0)
    found = balanced_background(np.arange(50), np.arange(50), gc=gc, promoter=promoter, rng=rng)
    assert len(found) == 0


def test_threshold_of_nothing():
    empty = pd.DataFrame({"pvalue": [], "log2fc": []})
    assert len(significant(empty, max_padj=0.05, min_log2fc=1)) == 0
