"""Shares of types: planted changes are found, chance is not."""

import numpy as np
import pandas as pd
import pytest
from multiome2vec.conditions.composition import (
    centred_log_ratios,
    compare_composition,
    composition,
)
from multiome2vec.conditions.replicates import compare
from scipy.stats import ttest_ind, ttest_rel

SHARES = np.array([0.3, 0.25, 0.2, 0.1, 0.08, 0.05, 0.02])


def comparison(n, *, paired=False):
    donors = [f"d{i % n if paired else i}" for i in range(2 * n)]
    conditions = ["a"] * n + ["b"] * n
    index = [f"{d}|{c}" for d, c in zip(donors, conditions, strict=True)]
    table = pd.DataFrame({"donor": donors, "condition": conditions}, index=index)
    return compare(table, condition="b", reference="a", least=2)


def draw(rng, found, *, rise=1.0, cells=400):
    """Cells of seven types, the fourth ``rise`` times as frequent in condition b."""
    rows = []
    for treated in found.matrix["condition"]:
        shares = SHARES.copy()
        shares[3] *= rise if treated else 1
        rows.append(rng.multinomial(cells, rng.dirichlet(60 * shares / shares.sum())))
    return pd.DataFrame(rows, index=found.matrix.index, columns=list("ABCDEFG"))


def test_cells_are_counted():
    found = composition(
        pd.Series(["x|a", "x|a", "y|b", "", "y|b"]), pd.Series(["T", "B", "T", "T", "unlabelled"])
    )
    assert found.loc["x|a"].to_dict() == {"T": 1, "B": 1}
    assert found.loc["y|b"].to_dict() == {"T": 1, "B": 0}


@pytest.mark.parametrize("paired", [False, True])
def test_the_statistic_is_that_of_a_t_test(paired):
    found = comparison(4, paired=paired)
    counts = draw(np.random.default_rng(0), found)
    result = compare_composition(counts, found)
    ratios = centred_log_ratios(counts).to_numpy()
    test = ttest_rel(ratios[4:], ratios[:4]) if paired else ttest_ind(ratios[4:], ratios[:4])
    difference = ratios[4:].mean(axis=0) - ratios[:4].mean(axis=0)
    np.testing.assert_allclose(result["log2fc"], difference - np.median(difference))
    np.testing.assert_allclose(result["se"], difference / test.statistic)
    assert set(result["df"]) == {3 if paired else 6}


@pytest.mark.parametrize("cells", [400, 40_000])
def test_null_p_values_are_as_rare_as_they_say(cells):
    """However many cells there are: replicates count, not cells."""
    rng = np.random.default_rng(1)
    found = comparison(4)
    draws = [draw(rng, found, cells=cells) for _ in range(200)]
    p = np.concatenate([compare_composition(counts, found)["pvalue"] for counts in draws])
    for level in (0.01, 0.05, 0.1, 0.2):
        assert 0.6 * level < (p < level).mean() < 1.4 * level


def test_a_planted_rise_is_found_and_the_others_stay():
    rng = np.random.default_rng(2)
    found = comparison(6)
    results = [compare_composition(draw(rng, found, rise=3), found) for _ in range(60)]
    hit = np.array([result["padj"].to_numpy() < 0.05 for result in results])
    assert hit[:, 3].mean() > 0.8
    assert np.delete(hit, 3, axis=1).mean() < 0.05
    fold = np.mean([result.loc["D", "log2fc"] for result in results])
    assert fold == pytest.approx(np.log2(3), abs=0.25)
