import numpy as np
import pytest
from multiome2vec.errors import ContractError
from multiome2vec.metrics import Undefined
from multiome2vec.scores import matching as module
from multiome2vec.scores.matching import matching, optimal_matching, sinkhorn
from scipy.optimize import linprog
from scipy.spatial.distance import cdist
from scipy.special import softmax

RNG = np.random.default_rng(0)
LEFT = RNG.normal(size=(70, 6))
RIGHT = LEFT + RNG.normal(scale=0.8, size=LEFT.shape)


def brute_force(left, right, *, temperature, top):
    """From the whole matrix of distances."""
    d = cdist(left, right, "sqeuclidean")
    true, n = np.diag(d), len(d)
    other = ~np.eye(n, dtype=bool)
    rows = ((d < true[:, None]) & other).sum(axis=1)
    columns = ((d < true) & other).sum(axis=0)
    found = {"foscttm": (rows.mean() + columns.mean()) / 2 / (n - 1)}
    for name, closer, axis in (("forward", rows, 1), ("backward", columns, 0)):
        found |= {f"top{k}_{name}": (closer < k).mean() for k in top}
        chances = softmax(-d / (2 * temperature), axis=axis)
        found[f"match_probability_{name}"] = np.diag(chances).mean()
    return found


@pytest.mark.parametrize("block", [1, 500, 4_000_000])
@pytest.mark.parametrize("temperature", [0.01, 1])
def test_scores_are_those_of_the_whole_matrix(block, temperature, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", block)
    found = matching(LEFT, RIGHT, top=(1, 5, 20), temperature=temperature)
    expected = brute_force(LEFT, RIGHT, temperature=temperature, top=(1, 5, 20))
    assert found == pytest.approx(expected, rel=1e-9)
    assert 0.02 < found["foscttm"] < 0.3


def test_directions_differ():
    """All right halves lie beside the first left half: each left finds only by chance."""
    found = matching(LEFT, LEFT[:1] + 1e-3 * RIGHT)
    assert found["top1_backward"] == pytest.approx(1 / 70)
    flipped = matching(LEFT[:1] + 1e-3 * RIGHT, LEFT)
    assert flipped["top1_forward"] == pytest.approx(found["top1_backward"])
    assert flipped["foscttm"] == pytest.approx(found["foscttm"])


def test_cosine_is_that_of_unit_vectors():
    unit = [values / np.linalg.norm(values, axis=1, keepdims=True) for values in (LEFT, RIGHT)]
    scaled = LEFT * RNG.uniform(0.1, 10, (70, 1))
    found = matching(scaled, RIGHT, temperature=0.1, measure="cosine")
    expected = brute_force(*unit, temperature=0.1, top=(1, 5))
    assert found == pytest.approx(expected, rel=1e-9)


def test_perfect_shuffled_and_equal():
    perfect = matching(LEFT + 1e4, LEFT + 1e4, temperature=1e-3)  # far from 0: no digits are lost
    assert perfect["foscttm"] == 0
    assert perfect["top1_forward"] == perfect["top1_backward"] == 1
    assert perfect["match_probability_forward"] > 0.99
    assert matching(LEFT, RNG.permutation(LEFT))["foscttm"] == pytest.approx(0.5, abs=0.08)
    same = matching(np.ones((70, 6)), np.ones((70, 6)), temperature=1)
    assert same["foscttm"] == 0.5
    assert same["top5_forward"] == pytest.approx(5 / 70)
    assert same["match_probability_backward"] == pytest.approx(1 / 70)


def test_plan_is_the_linear_programme_without_regularisation():
    cost = cdist(LEFT[:8], RIGHT[:8], "sqeuclidean")
    marginals = np.vstack([np.kron(np.eye(8), np.ones(8)), np.kron(np.ones(8), np.eye(8))])
    exact = linprog(cost.ravel(), A_eq=marginals, b_eq=np.full(16, 1 / 8))
    plan = sinkhorn(cost, epsilon=0.02)
    assert (plan * cost).sum() == pytest.approx(exact.fun, rel=1e-2)
    np.testing.assert_allclose(plan.sum(axis=0), 1 / 8, rtol=1e-9)


def test_plan_has_the_form_of_the_optimum():
    """Its logarithm is -cost/epsilon plus a term of the row and one of the column."""
    cost = cdist(LEFT[:20], RIGHT[:20], "sqeuclidean")
    plan = sinkhorn(cost, epsilon=2.0)
    rest = np.log(plan) + cost / 2
    rest -= rest.mean(axis=0)
    np.testing.assert_allclose(rest - rest.mean(axis=1, keepdims=True), 0, atol=1e-9)
    np.testing.assert_allclose(plan.sum(axis=1), 1 / 20, rtol=1e-5)


def test_one_to_one_matching():
    """Cells that crowd around one place compete for it; one each, they find themselves."""
    left = np.column_stack([np.arange(30.0), np.zeros(30)])
    right = left + [0.9, 0]
    assert matching(left, right)["top1_forward"] < 0.1
    found = optimal_matching(left, right, seed=0)
    assert found["hungarian_top1"] == 1
    assert 0 < found["transport_match_probability"] < 1
    same = optimal_matching(left, left, batch=10, epsilon=1e-4, seed=0)
    assert same == {"hungarian_top1": 1, "transport_match_probability": pytest.approx(1)}
    assert optimal_matching(LEFT, RIGHT, batch=20, seed=1) == optimal_matching(
        LEFT, RIGHT, batch=20, seed=1
    )


def test_refusals():
    with pytest.raises(ContractError, match="not of one shape"):
        matching(LEFT, RIGHT[:, :5])
    with pytest.raises(ContractError, match="not finite"):
        matching(LEFT, np.where(RIGHT > 1, np.inf, RIGHT))
    with pytest.raises(ContractError, match="Unknown measure 'dot'"):
        matching(LEFT, RIGHT, measure="dot")
    with pytest.raises(Undefined, match="no other"):
        matching(LEFT[:1], RIGHT[:1])
