import numpy as np
import pytest
from multiome2vec.topics.engines import REGISTRY
from multiome2vec.topics.gibbs import cell_topics, log_likelihood, still_climbing, topic_regions
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


@pytest.mark.parametrize(
    ("values", "expected"), [([-100, -50], True), ([-100, -99.999], False), ([-5], True)]
)
def test_still_climbing(values, expected):
    assert still_climbing(np.array(values)) == expected


@pytest.mark.parametrize("name", REGISTRY.names())
class TestEngines:
    """The contract of every registered sampler."""

    def fit(self, name, matrix, seed=3):
        return REGISTRY.get(name)(matrix, k=4, alpha=12.5, eta=0.1, iterations=60, seed=seed)

    def test_counts_every_token_once(self, name, planted):
        sample = self.fit(name, planted[0])
        np.testing.assert_array_equal(
            sample.cell_topic.sum(1), np.asarray(planted[0].sum(1)).ravel()
        )
        np.testing.assert_array_equal(
            sample.region_topic.sum(1), np.asarray(planted[0].sum(0)).ravel()
        )

    def test_recorded_likelihood_is_ours(self, name, planted):
        sample = self.fit(name, planted[0])
        last = log_likelihood(sample.cell_topic, sample.region_topic, alpha=12.5, eta=0.1)
        assert sample.log_likelihood[-1] == pytest.approx(last, rel=1e-5)
        assert sample.iteration[-1] == 60
        assert sample.log_likelihood[-1] > sample.log_likelihood[0]

    def test_finds_the_planted_topics(self, name, planted):
        matrix, kind = planted
        sample = self.fit(name, matrix)
        best = np.array(
            [sample.region_topic[40 * t : 40 * t + 40].sum(0).argmax() for t in range(4)]
        )
        assert len(set(best)) == 4
        share = cell_topics(sample.cell_topic, alpha=12.5)
        assert (share.argmax(1) == best[kind]).mean() > 0.95

    def test_same_seed_same_result(self, name, planted):
        one, two = self.fit(name, planted[0]), self.fit(name, planted[0])
        np.testing.assert_array_equal(one.region_topic, two.region_topic)
        other = self.fit(name, planted[0], seed=4)
        assert (one.region_topic != other.region_topic).any()
