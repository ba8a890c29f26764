import re

import numpy as np
import pandas as pd
import pytest
from multiome2vec import keys
from multiome2vec.doublets.callers import NotScored, Scores
from multiome2vec.doublets.calling import (
    call_doublets,
    choose_threshold,
    expected_doublet_rate,
)
from scipy import sparse

OBSERVED = np.linspace(0, 1, 1001)


def scores(threshold, simulated=None):
    return Scores(OBSERVED, OBSERVED if simulated is None else simulated, threshold)


def test_expected_rate():
    assert expected_doublet_rate(10_000, rate_per_1000=0.008) == pytest.approx(0.08)
    assert expected_doublet_rate(200_000, rate_per_1000=0.008) == 0.5
    assert expected_doublet_rate(5000, rate_per_1000=0) == 0.001


def test_a_sensible_automatic_threshold_is_taken():
    assert choose_threshold(scores(0.9), expected_rate=0.08) == (0.9, "automatic")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (scores(None), "no automatic threshold was found"),
        (scores(float("nan")), "no automatic threshold was found"),
        (scores(0.17), r"calls 83% of the cells, 8\.0% are expected"),
        (scores(0.9, np.linspace(0, 0.91, 1000)), r"only 1\.1% of the simulated doublets"),
    ],
)
def test_otherwise_the_quantile_with_the_reason(given, why):
    threshold, note = choose_threshold(given, expected_rate=0.08)
    assert threshold == pytest.approx(0.92)
    assert re.search(why, note)
    assert note.startswith("quantile 0.9200: ")


def test_a_large_share_is_believed_where_it_is_expected():
    threshold, _ = choose_threshold(scores(0.65), expected_rate=0.3)
    assert threshold == 0.65


def call(counts, score):
    names = pd.Index([f"s#{i}" for i in range(counts.shape[0])])
    return call_doublets(counts, cells=names, score=score, rate_per_1000=0.008, seed=0)


def test_empty_barcodes_are_not_scored_and_others_are():
    counts = sparse.csr_matrix(np.ones((50, 20), dtype=int))
    counts[3] = 0
    counts.eliminate_zeros()
    found = call(counts, lambda c, **_: Scores(np.arange(c.shape[0]) / 49, OBSERVED, 0.95))
    assert found.loc["s#3", keys.DOUBLET_NOTE] == "not scored: fewer than 10 genes"
    assert np.isnan(found.loc["s#3", keys.DOUBLET_SCORE])
    rest = found.drop("s#3")
    assert rest[keys.DOUBLET_SCORE].notna().all()
    assert rest[keys.PREDICTED_DOUBLET].sum() == (np.arange(49) / 49 > 0.95).sum()
    assert set(rest[keys.DOUBLET_NOTE]) == {"automatic"}


def test_without_scores_nothing_is_called_and_the_note_says_why():
    def refuses(counts, **_):
        raise NotScored("only 3 genes are informative, 10 are needed")

    few, many = np.ones((5, 20), dtype=int), np.ones((50, 20), dtype=int)
    for counts, score, why in (
        (few, refuses, "5 cells, at least 30 are needed"),
        (many, refuses, "only 3 genes are informative"),
        (many, None, "the caller is none"),
    ):
        found = call(sparse.csr_matrix(counts), score)
        assert not found[keys.PREDICTED_DOUBLET].any()
        assert found[keys.DOUBLET_SCORE].isna().all()
        assert found[keys.DOUBLET_NOTE].str.contains(why).all()
