import numpy as np
import pandas as pd
import pytest
from multiome2vec.topics import foldin
from multiome2vec.topics.engines import REGISTRY
from multiome2vec.topics.foldin import choose_fit_cells, fold_in, perplexity
from multiome2vec.topics.gibbs import cell_topics, topic_regions
from scipy import sparse

K, REGIONS = 4, 400


def planted(n_cells, *, seed=0, n_open=150):
    """Cells with known topics: theta, phi and a binary matrix."""
    rng = np.random.default_rng(seed)
    phi = np.random.default_rng(99).dirichlet(np.full(REGIONS, 0.1), K).T
    theta = rng.dirichlet(np.full(K, 0.3), n_cells)
    rows = [rng.choice(REGIONS, n_open, p=phi @ row) for row in theta]
    matrix = sparse.lil_matrix((n_cells, REGIONS), dtype=np.int32)
    for cell, row in enumerate(rows):
        matrix[cell, np.unique(row)] = 1
    return theta, phi, matrix.tocsr()


def test_fixed_point_by_hand():
    """One cell with regions 0 and 1 open; two topics."""
    phi = np.array([[0.8, 0.1], [0.1, 0.3], [0.1, 0.6]])
    found = fold_in(sparse.csr_matrix([[1, 1, 0]]), phi, alpha=0.5)[0]
    counts = np.ones(2)
    for _ in range(500):
        weight = phi[:2] * (counts + 0.5)
        counts = (weight / weight.sum(axis=1, keepdims=True)).sum(axis=0)
    np.testing.assert_allclose(found, counts, atol=0.01)
    assert found.sum() == pytest.approx(2)


def test_blocks_do_not_change_the_result(monkeypatch):
    _, phi, matrix = planted(30)
    whole = fold_in(matrix, phi, alpha=1)
    monkeypatch.setattr(foldin, "ENTRIES", 900)
    np.testing.assert_allclose(fold_in(matrix, phi, alpha=1), whole, atol=0.3)
    np.testing.assert_allclose(whole.sum(axis=1), np.diff(matrix.indptr), rtol=1e-4)


def test_fold_in_agrees_with_a_full_fit():
    _, _, matrix = planted(400)
    settings = {"k": K, "alpha": 50 / K, "eta": 0.1, "iterations": 300, "seed": 1}
    sample = REGISTRY.get("tomotopy")(matrix, **settings)
    theta = cell_topics(sample.cell_topic, alpha=settings["alpha"])
    phi = topic_regions(sample.region_topic, eta=settings["eta"])
    folded = cell_topics(fold_in(matrix, phi, alpha=settings["alpha"]), alpha=settings["alpha"])
    assert np.corrcoef(theta.ravel(), folded.ravel())[0, 1] >= 0.98


def test_perplexity_of_even_regions_is_their_number():
    _, _, matrix = planted(50)
    even = np.full((REGIONS, K), 1 / REGIONS)
    rng = np.random.default_rng(0)
    assert perplexity(matrix, even, alpha=1, rng=rng) == pytest.approx(REGIONS, rel=1e-5)


def test_the_true_topics_predict_best():
    _, phi, matrix = planted(200, seed=3)
    found = [
        perplexity(matrix, regions, alpha=0.3, rng=np.random.default_rng(0))
        for regions in (phi, 0.5 * phi + 0.5 / REGIONS, phi.mean(axis=1, keepdims=True))
    ]
    assert found == sorted(found)
    assert found[0] < 0.8 * found[2]


def test_no_entries_no_perplexity():
    empty = sparse.csr_matrix((0, REGIONS), dtype=np.int32)
    phi = np.full((REGIONS, 2), 1 / REGIONS)
    assert np.isnan(perplexity(empty, phi, alpha=1, rng=np.random.default_rng(0)))


def test_cells_are_drawn_from_every_stratum():
    strata = pd.Series(["large"] * 900 + ["small"] * 99 + ["one"])
    rng = np.random.default_rng(0)
    fit, held = choose_fit_cells(strata, most=100, held_out=0.05, rng=rng)
    assert strata[fit].value_counts().to_dict() == {"large": 90, "small": 10, "one": 1}
    assert strata[held].value_counts().to_dict() == {"large": 45, "small": 5}
    assert not set(fit) & set(held)
    everything, none = choose_fit_cells(strata, most=5000, held_out=0, rng=rng)
    assert len(everything) == 1000
    assert len(none) == 0


def test_cells_are_held_out_even_if_every_stratum_is_small():
    strata = pd.Series([f"label {i % 30}#s{i % 7}" for i in range(1000)])
    fit, held = choose_fit_cells(strata, most=5000, held_out=0.05, rng=np.random.default_rng(0))
    assert len(held) == 50
    assert sorted([*fit, *held]) == list(range(1000))


def test_no_cells_at_all():
    fit, held = choose_fit_cells(
        pd.Series([], dtype=str), most=10, held_out=0.05, rng=np.random.default_rng(0)
    )
    assert len(fit) == len(held) == 0
