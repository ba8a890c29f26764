"""Genes between conditions: planted changes are found, chance gives uniform p-values."""

import numpy as np
import pandas as pd
import pytest
from multiome2vec.conditions.effects import condition_effects, expressed
from scipy.stats import kstest
from unit.conditions.test_composition import comparison

N_FEATURES, N_CHANGED = 400, 60
NAMES = pd.Index([f"g{i}" for i in range(N_FEATURES)])


def draw(rng, found, *, planted, donors=None):
    """Negative binomial pseudobulks; of the first features the logarithm of 2 changes by ±1.5."""
    treated = found.matrix["condition"].to_numpy()
    mean = rng.lognormal(4.5, 1.0, N_FEATURES)
    change = np.zeros(N_FEATURES)
    change[:N_CHANGED] = np.resize([1.5, -1.5], N_CHANGED)
    depth = rng.lognormal(0, 0.4, len(treated))
    mean = mean * depth[:, None] * 2 ** (planted * treated[:, None] * change)
    mean *= 1 if donors is None else np.exp(donors)
    return rng.negative_binomial(10, 10 / (10 + mean)), change


def test_null_p_values_are_uniform():
    rng = np.random.default_rng(0)
    found = comparison(3)
    counts, _ = draw(rng, found, planted=False)
    result = condition_effects(counts, NAMES, found, min_counts=10)
    assert len(result) > 350
    assert 0.02 < (result["pvalue"] < 0.05).mean() < 0.08
    assert kstest(result["pvalue"].dropna(), "uniform").statistic < 0.08
    assert (result["padj"] < 0.05).sum() <= 2


@pytest.mark.parametrize("paired", [False, True])
def test_planted_changes_are_found(paired):
    rng = np.random.default_rng(1)
    found = comparison(4, paired=paired)
    donors = np.tile(rng.normal(0, 0.7, (4, N_FEATURES)), (2, 1)) if paired else None
    counts, change = draw(rng, found, planted=True, donors=donors)
    result = condition_effects(counts, NAMES, found, min_counts=10)
    called = result.index[result["padj"] < 0.05]
    true = NAMES[change != 0]
    assert len(called.intersection(true)) > 0.75 * N_CHANGED
    assert len(called.difference(true)) <= 0.1 * len(called)
    planted = result.loc[true.intersection(result.index), "log2fc"]
    np.testing.assert_allclose(planted.abs().mean(), 1.5, atol=0.2)
    assert (np.sign(planted) == np.sign(change[NAMES.get_indexer(planted.index)])).mean() > 0.95


def test_rare_features_are_not_tested():
    counts = np.array([[10, 10, 0], [10, 0, 0], [10, 10, 90], [0, 9, 90]])
    treated = np.array([True, True, False, False])
    assert expressed(counts, treated, min_counts=10).tolist() == [True, True, True]
    assert expressed(counts, treated, min_counts=11).tolist() == [False, False, True]
    few = condition_effects(counts, NAMES[:3], comparison(2), min_counts=10)
    assert few.empty
