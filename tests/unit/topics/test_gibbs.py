import numpy as np
import pytest
from multiome2vec.topics.gibbs import (
    CONVERGED,
    cell_topics,
    climb,
    log_likelihood,
    topic_regions,
)
from scipy import sparse

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def planted():
    """200 cells of 4 kinds, each with its own 40 open regions of 160, and noise."""
    kind = np.repeat(np.arange(4), 50)
    open_share = np.where(kind[:, None] == np.repeat(np.arange(4), 40), 0.6, 0.03)
    return sparse.csr_matrix((RNG.random((200, 160)) < open_share).astype(np.int32)), kind


def test_log_likelihood_is_the_integral_over_both_dirichlets():
    """p(w, z) of a toy corpus by multiplying its Polya urn draws one by one."""
    tokens = [(0, 0, 0), (0, 1, 1), (1, 1, 1), (1, 2, 0), (1, 0, 1)]  # cell, region, topic
    alpha, eta, k, regions = 0.7, 0.3, 2, 3
    cell_topic, region_topic = np.zeros((2, k)), np.zeros((regions, k))
    total = 0.0
    for cell, region, topic in tokens:
        total += np.log((cell_topic[cell, topic] + alpha) / (cell_topic[cell].sum() + k * alpha))
        weight = region_topic[:, topic]
        total += np.log((weight[region] + eta) / (weight.sum() + regions * eta))
        cell_topic[cell, topic] += 1
        region_topic[region, topic] += 1
    assert log_likelihood(cell_topic, region_topic, alpha=alpha, eta=eta) == pytest.approx(total)


def test_log_likelihood_equals_that_of_the_lda_package(planted):
    import lda

    model = lda.LDA(n_topics=4, n_iter=20, alpha=0.5, eta=0.1, random_state=1)
    model.fit(planted[0].astype(np.int64))
    ours = log_likelihood(model.ndz_, model.nzw_.T, alpha=0.5, eta=0.1)
    assert ours == pytest.approx(model.loglikelihood(), rel=1e-9)


def test_shares_are_posterior_means():
    counts = np.array([[3, 1], [0, 0]])
    np.testing.assert_allclose(cell_topics(counts, alpha=0.5), [[0.7, 0.3], [0.5, 0.5]])
    np.testing.assert_allclose(topic_regions(counts, eta=1.0), [[0.8, 2 / 3], [0.2, 1 / 3]])


def test_climb_is_the_slope_of_the_second_half():
    steep = -1000 + np.concatenate([np.linspace(-500, -50, 10), np.arange(10)])
    assert climb(steep) == pytest.approx(1 / 995.5)
    assert climb(np.arange(3.0)) == np.inf


def test_climb_sees_through_the_noise_of_a_converged_chain():
    noise = -1e6 * (1 + 5e-4 * RNG.normal(size=(200, 50)))
    converged = [climb(chain) > CONVERGED for chain in noise]
    rising = [climb(chain + 200 * np.arange(50)) > CONVERGED for chain in noise]
    assert np.mean(converged) < 0.01
    assert np.mean(rising) > 0.99
