"""Every topic engine: counts every token, same priors, planted topics found, runs repeat."""

import sys
from importlib.util import find_spec

import numpy as np
import pytest
from multiome2vec.errors import UserError
from multiome2vec.topics.engines import REGISTRY
from multiome2vec.topics.gibbs import RECORD_EVERY, cell_topics, log_likelihood, topic_regions
from scipy import sparse

KINDS, CELLS, REGIONS = 4, 50, 40
ALPHA, ETA = 12.5, 0.1
ELSEWHERE = {"pycistopic": "pycisTopic"}  # engines with an environment of their own: its package
ONLY_THE_END = {"pycistopic"}  # record no likelihood before


def installed(name):
    return name not in ELSEWHERE or find_spec(ELSEWHERE[name]) is not None


@pytest.fixture(scope="module")
def planted():
    """50 cells of each of 4 kinds, each kind with its own 40 open regions of 160, and noise."""
    rng = np.random.default_rng(0)
    kind = np.repeat(np.arange(KINDS), CELLS)
    own = kind[:, None] == np.repeat(np.arange(KINDS), REGIONS)
    return sparse.csr_matrix((rng.random(own.shape) < np.where(own, 0.6, 0.03)).astype(np.int32))


def fit(name, matrix, *, seed=3, iterations=65):
    return REGISTRY.get(name)(
        matrix, k=KINDS, alpha=ALPHA, eta=ETA, iterations=iterations, seed=seed
    )


@pytest.fixture(scope="module", params=REGISTRY.names())
def fitted(request, planted):
    if not installed(request.param):
        pytest.skip(f"{ELSEWHERE[request.param]} is not installed: it has its own environment")
    return request.param, fit(request.param, planted)


def test_every_token_has_one_topic(fitted, planted):
    _, sample = fitted
    np.testing.assert_array_equal(sample.cell_topic.sum(axis=1), planted.sum(axis=1).A1)
    np.testing.assert_array_equal(sample.region_topic.sum(axis=1), planted.sum(axis=0).A1)


def test_likelihood_is_recorded_as_defined_and_when_promised(fitted):
    name, sample = fitted
    at_the_end = log_likelihood(sample.cell_topic, sample.region_topic, alpha=ALPHA, eta=ETA)
    assert sample.log_likelihood[-1] == pytest.approx(at_the_end, rel=1e-5)
    before = [] if name in ONLY_THE_END else [*range(RECORD_EVERY, 61, RECORD_EVERY)]
    assert sample.iteration.tolist() == [*before, 65]
    assert len(sample.log_likelihood) == len(sample.iteration)
    assert not before or sample.log_likelihood[-1] > sample.log_likelihood[0]


def test_planted_topics_are_found(fitted):
    _, sample = fitted
    blocks = sample.region_topic.reshape(KINDS, REGIONS, KINDS).sum(axis=1)
    best = blocks.argmax(axis=1)
    assert sorted(best) == list(range(KINDS))
    share = cell_topics(sample.cell_topic, alpha=ALPHA)
    assert (share.argmax(axis=1) == np.repeat(best, CELLS)).mean() > 0.95


def test_same_seed_same_bytes(fitted, planted):
    name, sample = fitted
    again = fit(name, planted)
    assert again.cell_topic.tobytes() == sample.cell_topic.tobytes()
    assert again.region_topic.tobytes() == sample.region_topic.tobytes()
    assert again.log_likelihood.tobytes() == sample.log_likelihood.tobytes()
    other = fit(name, planted, seed=4)
    assert (other.region_topic != sample.region_topic).any()


def test_engines_agree(planted):
    """The posterior is the same: so are the topics up to their order, and the likelihood."""
    names = [name for name in REGISTRY.names() if installed(name)]
    samples = [fit(name, planted, iterations=300) for name in names]
    regions = [topic_regions(sample.region_topic, eta=ETA) for sample in samples]
    level = [np.median(sample.log_likelihood[-15:]) for sample in samples]
    for other, mean in zip(regions[1:], level[1:], strict=True):
        correlation = np.corrcoef(regions[0].T, other.T)[:KINDS, KINDS:]
        assert correlation.max(axis=1).min() > 0.9
        assert mean == pytest.approx(level[0], rel=0.01)


@pytest.mark.skipif(not installed("pycistopic"), reason="pycisTopic is not installed")
def test_pycistopic_is_the_sampler_of_lda(planted):
    """Its shares lead back to the very counts: same code, same seed, same chain."""
    one, other = fit("pycistopic", planted), fit("lda", planted)
    np.testing.assert_array_equal(one.cell_topic, other.cell_topic)
    np.testing.assert_array_equal(one.region_topic, other.region_topic)


def test_pycistopic_missing_is_explained(planted, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"cannot be imported .*pycistopic_env"):
        fit("pycistopic", planted)
