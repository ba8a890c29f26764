"""What every doublet caller must do."""

import numpy as np
import pytest
from multiome2vec.doublets.callers import CALLERS, NotScored
from scipy import sparse
from sklearn.metrics import roc_auc_score

SINGLETS, DOUBLETS, GENES, TYPES = 300, 24, 400, 4


@pytest.fixture(scope="module")
def planted():
    """Four types with their own genes; doublets add two cells of different types."""
    rng = np.random.default_rng(0)
    means = rng.gamma(0.6, 2, GENES) * np.ones((TYPES, 1))
    for kind in range(TYPES):
        means[kind, kind * 40 : kind * 40 + 40] += 6
    types = rng.integers(TYPES, size=SINGLETS)
    singlets = rng.poisson(means[types] * rng.lognormal(0, 0.2, (SINGLETS, 1)))
    first = rng.integers(SINGLETS, size=DOUBLETS)
    second = np.array([rng.choice(np.flatnonzero(types != types[cell])) for cell in first])
    counts = np.vstack([singlets, singlets[first] + singlets[second]])
    return sparse.csr_matrix(counts), np.arange(SINGLETS + DOUBLETS) >= SINGLETS


@pytest.mark.parametrize("name", CALLERS.names())
def test_finds_planted_heterotypic_doublets(name, planted):
    counts, truth = planted
    found = CALLERS.get(name)(counts, expected_rate=0.07, seed=0)
    assert found.observed.shape == (counts.shape[0],)
    assert np.isfinite(found.observed).all()
    assert np.isfinite(found.simulated).all()
    assert found.threshold is None or np.isfinite(found.threshold)
    assert roc_auc_score(truth, found.observed) >= 0.95


@pytest.mark.parametrize("name", CALLERS.names())
def test_same_seed_same_scores_and_input_untouched(name, planted):
    counts, _ = planted
    before = counts.copy()
    score = CALLERS.get(name)
    first, second, other = (score(counts, expected_rate=0.07, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.observed, second.observed)
    assert (first.observed != other.observed).any()
    assert (counts != before).nnz == 0


@pytest.mark.parametrize("name", CALLERS.names())
def test_too_few_genes_are_said_so(name):
    counts = sparse.csr_matrix(np.random.default_rng(0).poisson(5, (60, 6)))
    with pytest.raises(NotScored, match="genes"):
        CALLERS.get(name)(counts, expected_rate=0.05, seed=0)


def test_the_schema_offers_every_caller():
    from pathlib import Path

    from multiome2vec.config import load_schema

    root = Path(__file__).parents[2]
    schema = load_schema(root / "workflow" / "schemas" / "config.schema.yaml")
    caller = schema["properties"]["qc"]["properties"]["doublets"]["properties"]["caller"]
    assert sorted(caller["enum"]) == sorted([*CALLERS.names(), "none"])
