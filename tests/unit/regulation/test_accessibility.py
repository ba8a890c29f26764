import numpy as np
import pytest
import statsmodels.api as sm
from multiome2vec.regulation.accessibility import (
    combine,
    imputed_fold_change,
    score_tests,
)
from multiome2vec.regulation.replicates import Effect, two_sided
from multiome2vec.regulation.replicates import combine as combine_effects
from scipy import sparse
from scipy.stats import spearmanr

RNG = np.random.default_rng(0)
CELLS, REGIONS = 600, 300


def accessible(labels, *, effect=0.0, depth=None, seed=0):
    """Binary matrix; the first 50 regions are more open in label a, all are in deep cells."""
    rng = np.random.default_rng(seed)
    depth = rng.normal(0, 0.5, len(labels)) if depth is None else depth
    base = rng.normal(-1.5, 0.7, REGIONS)
    logit = base + depth[:, None]
    logit[:, :50] += effect * (labels == "a")[:, None]
    return sparse.csr_matrix((rng.random(logit.shape) < 1 / (1 + np.exp(-logit))).astype(np.int32))


def pvalues(tests):
    return two_sided(combine(tests))


def p_parts(matrix, labels, samples=None):
    samples = np.full(len(labels), "s") if samples is None else samples
    return score_tests(matrix, labels, ["a"], samples)["a"]


def test_score_is_that_of_statsmodels():
    """Where a bin has one depth only, the binned regression is the regression of the cells."""
    n_open = np.repeat([20, 40, 80, 120, 160], 120)  # 25 bins of 24 cells
    matrix = sparse.lil_matrix((CELLS, REGIONS), dtype=np.int32)
    for cell, n in enumerate(n_open):
        matrix[cell, RNG.choice(REGIONS, n, replace=False)] = 1
    matrix = matrix.tocsr()
    labels = RNG.choice(["a", "b"], CELLS)
    found = pvalues(p_parts(matrix, labels))
    design = sm.add_constant(np.log(n_open))
    for region in range(20):
        null = sm.GLM(matrix[:, region].toarray().ravel(), design, sm.families.Binomial()).fit()
        expected = null.score_test(exog_extra=(labels == "a")[:, None].astype(float))[1]
        assert found[region] == pytest.approx(float(np.squeeze(expected)), rel=1e-3)


def test_bins_stand_for_the_depths_of_their_cells():
    labels = RNG.choice(["a", "b"], CELLS)
    matrix = accessible(labels, effect=0.5)
    found = pvalues(p_parts(matrix, labels))
    depth = np.log(np.diff(matrix.indptr))
    design = sm.add_constant(depth)
    expected = []
    for region in range(60):
        null = sm.GLM(matrix[:, region].toarray().ravel(), design, sm.families.Binomial()).fit()
        p = null.score_test(exog_extra=(labels == "a")[:, None].astype(float))[1]
        expected.append(float(np.squeeze(p)))
    assert spearmanr(found[:60], expected).statistic > 0.99


@pytest.mark.parametrize("n_samples", [1, 2, 4])
def test_permuted_labels_reject_at_most_six_percent(n_samples):
    """Cells differ in depth, and so do the labels before they are permuted."""
    samples = np.arange(CELLS * 2) % n_samples
    depth = RNG.normal(0, 0.6, CELLS * 2)
    labels = np.where(depth > 0, "a", "b")
    matrix = accessible(labels, effect=1.0, depth=depth)
    rejected = []
    for seed in range(5):
        permuted = np.random.default_rng(seed).permutation(labels)
        rejected.append((pvalues(p_parts(matrix, permuted, samples)) < 0.05).mean())
    assert 0.02 < np.mean(rejected) <= 0.06


def test_depth_is_not_taken_for_accessibility():
    depth = RNG.normal(0, 0.6, CELLS)
    labels = np.where(depth + RNG.normal(0, 0.3, CELLS) > 0, "a", "b")
    found = pvalues(p_parts(accessible(labels, effect=0, depth=depth), labels))
    assert (found < 0.05).mean() < 0.12  # without the adjustment nearly all


def test_planted_regions_are_found():
    labels = RNG.choice(["a", "b"], CELLS)
    found = pvalues(p_parts(accessible(labels, effect=1.5), labels))
    assert (found[:50] < 1e-3).mean() > 0.9
    assert (found[50:] < 1e-3).mean() < 0.08


def test_an_effect_in_one_sample_is_none_of_the_label():
    samples = np.arange(CELLS * 2) % 2
    labels = RNG.choice(["a", "b"], CELLS * 2)
    only_first = np.where(samples == 0, labels, "b")
    matrix = accessible(only_first, effect=2.0)
    alone = pvalues(p_parts(matrix[samples == 0], labels[samples == 0]))
    both = pvalues(p_parts(matrix, labels, samples))
    assert np.median(alone[:50]) < 1e-6
    assert np.median(both[:50]) > 0.01


def test_random_effects_by_hand():
    """DerSimonian-Laird of effects 1.0 and 0.2 with variances 0.04 and 0.02."""
    effect, variance = np.array([1.0, 0.2]), np.array([0.04, 0.02])
    w = 1 / variance
    mean = (w @ effect) / w.sum()
    q = w @ (effect - mean) ** 2
    tau = (q - 1) / (w.sum() - (w @ w) / w.sum())
    star = 1 / (variance + tau)
    z = (star @ effect) / np.sqrt(star.sum())
    effects = [Effect(np.array([e]), np.array([v])) for e, v in zip(effect, variance, strict=True)]
    assert combine_effects(effects)[0] == pytest.approx(z)
    nothing = Effect(np.array([9.0]), np.array([np.inf]))
    assert combine_effects([*effects, nothing])[0] == pytest.approx(z)
    assert combine_effects([nothing, nothing])[0] == 0


@pytest.mark.parametrize("inside", [0.3, 0.15])
@pytest.mark.parametrize("outside", [0.002, 0.02])
@pytest.mark.parametrize("shares", [(0.2, 0.2), (0.1, 0.3), (0.05, 0.5)])
def test_a_label_may_be_rarer_in_one_sample_than_in_another(inside, outside, shares):
    """The same odds in two samples are the same effect, whatever the label's share of them."""
    rng = np.random.default_rng(0)
    samples = np.repeat([0, 1], 2000)
    labels = np.where(rng.random(4000) < np.array(shares)[samples], "a", "b")
    chance = np.full((4000, REGIONS), 0.1)
    chance[:, :50] = np.where(labels == "a", inside, outside)[:, None]
    chance[:, 50:100] = np.where(labels == "a", outside, inside)[:, None]
    matrix = sparse.csr_matrix((rng.random(chance.shape) < chance).astype(np.int8))
    z = combine(p_parts(matrix, labels, samples))
    assert (z[:50] > 3).mean() > 0.95
    assert (z[50:100] < -2).mean() > 0.9
    assert (np.abs(z[100:]) > 1.96).mean() < 0.12


def test_small_groups_are_not_tested():
    labels = np.array(["a"] * 5 + ["b"] * 595)
    assert p_parts(accessible(labels), labels) == []


def test_region_that_is_open_nowhere_or_everywhere():
    labels = RNG.choice(["a", "b"], CELLS)
    matrix = accessible(labels).tolil()
    matrix[:, 0], matrix[:, 1] = 0, 1
    found = pvalues(p_parts(matrix.tocsr(), labels))
    assert np.isfinite(found).all()
    assert found[:2].min() > 0.5


def test_fold_change_is_that_of_the_dense_matrix():
    theta, phi = RNG.dirichlet(np.ones(4), 30), RNG.dirichlet(np.ones(50), 4).T
    inside = np.arange(30) < 11
    imputed = theta @ phi.T
    expected = np.log2(imputed[inside].mean(axis=0) / imputed[~inside].mean(axis=0))
    np.testing.assert_allclose(imputed_fold_change(theta, phi, inside), expected)
