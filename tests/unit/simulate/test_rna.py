"""Counts: the sum over nuclei, ambient RNA, negative binomial variance."""

import numpy as np
import pandas as pd
from multiome2vec.simulate import Design
from multiome2vec.simulate.rna import add_ambient, merge_nuclei, nuclei_counts
from multiome2vec.simulate.types import TYPES
from scipy import sparse


def test_a_doublet_is_the_sum_of_its_nuclei():
    nuclei = sparse.csr_matrix(np.array([[1, 0, 2], [3, 4, 0], [5, 0, 1]], dtype=np.int32))
    merged = merge_nuclei(nuclei, np.array([0, 2, 2]), 4)
    np.testing.assert_array_equal(merged.toarray(), [[1, 0, 2], [0, 0, 0], [8, 4, 1], [0, 0, 0]])
    assert merged.dtype == np.int32


def test_ambient_share_and_profile():
    counts = sparse.csr_matrix(np.tile([[4000, 0, 0]], (500, 1)).astype(np.int32))
    profile = np.array([0.2, 0.5, 0.3])
    result = add_ambient(
        np.random.default_rng(0), counts, profile=profile, share=np.full(500, 0.2)
    ).toarray()
    added = result - counts.toarray()
    np.testing.assert_allclose(added.sum() / result.sum(), 0.2, rtol=0.01)
    np.testing.assert_allclose(added.sum(axis=0) / added.sum(), profile, rtol=0.02)


def test_counts_have_negative_binomial_mean_and_variance():
    size = 4000
    design = Design(dispersion=0.2)
    nuclei = pd.DataFrame(
        {
            "type": np.zeros(size, dtype=int),
            "pseudotime": np.full(size, np.nan),
            "umis": np.full(size, 1000.0),
            "mitochondrial": np.full(size, 0.1),
        }
    )
    share = np.array([0.5, 0.3, 0.2])
    counts = nuclei_counts(
        np.random.default_rng(0),
        nuclei,
        sample=np.zeros(size, dtype=int),
        log_mean=np.tile(np.log(share), (len(TYPES), 1)),
        bump=np.zeros(3),
        batch=np.zeros((2, 4)),
        design=design,
    ).toarray()
    mean = 1000 * np.append(0.9 * share, 0.1)
    np.testing.assert_allclose(counts.mean(axis=0), mean, rtol=0.03)
    np.testing.assert_allclose(counts.var(axis=0), mean + 0.2 * mean**2, rtol=0.1)
