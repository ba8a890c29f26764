import numpy as np
import pandas as pd
import pytest
from multiome2vec.topics.selection import arun, cao_juan, choose, coherence
from scipy import sparse

RNG = np.random.default_rng(1)


def test_arun_is_the_divergence_of_sorted_spectra():
    regions, cells = RNG.dirichlet(np.ones(30), 4).T, RNG.dirichlet(np.ones(4), 50)
    n_open = RNG.integers(5, 20, 50)
    p = np.linalg.svd(regions, compute_uv=False)
    q = np.sort(n_open @ cells)[::-1]
    p, q = p / p.sum(), q / q.sum()
    expected = (p * np.log(p / q)).sum() + (q * np.log(q / p)).sum()
    assert arun(regions, cells, n_open) == pytest.approx(expected)


def test_cao_juan_is_the_mean_cosine_of_pairs():
    regions = RNG.random((10, 3))
    cosines = [
        regions[:, i]
        @ regions[:, j]
        / np.linalg.norm(regions[:, i])
        / np.linalg.norm(regions[:, j])
        for i, j in [(0, 1), (0, 2), (1, 2)]
    ]
    assert cao_juan(regions) == pytest.approx(np.mean(cosines))
    assert cao_juan(np.eye(4)) == pytest.approx(0)


def test_mimno_is_the_sum_over_pairs_of_top_regions():
    matrix = (RNG.random((40, 25)) < 0.4).astype(np.int32)
    regions = RNG.random((25, 2))
    total = []
    for share in regions.T:
        top = np.argsort(-share)[:20]
        total.append(
            sum(
                np.log(
                    ((matrix[:, top[m]] * matrix[:, top[l]]).sum() + 1) / matrix[:, top[l]].sum()
                )
                for m in range(1, 20)
                for l in range(m)  # noqa: E741
            )
        )
    assert coherence(regions, sparse.csr_matrix(matrix)) == pytest.approx(total)


def test_choice_is_the_largest_sum_of_scaled_metrics():
    metrics = pd.DataFrame(
        {
            "arun": [3.0, 1.0, 2.0],
            "cao_juan": [0.5, 0.1, 0.3],
            "mimno": [-9.0, -5.0, -7.0],
            "log_likelihood": [-100.0, -50.0, -40.0],
            "perplexity": [900.0, 400.0, 500.0],
        },
        index=[2, 10, 40],
    )
    score = choose(metrics)
    assert score.idxmax() == 10
    assert score[2] == 0
    assert score[10] == pytest.approx(4 + 50 / 60)
    without = choose(metrics.assign(perplexity=np.nan))
    assert without[10] == pytest.approx(3 + 50 / 60)


def test_a_metric_without_spread_does_not_matter():
    metrics = pd.DataFrame(
        {
            "arun": [1, 1],
            "cao_juan": [0.2, 0.1],
            "mimno": [1, 1],
            "log_likelihood": [0, 0],
            "perplexity": 9,
        },
    )
    assert choose(metrics).idxmax() == 1
