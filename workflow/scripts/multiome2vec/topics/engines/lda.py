"""LDA by the package lda, the sampler that pycisTopic uses."""

import logging

import numpy as np
from scipy import sparse

from multiome2vec.topics.engines import register
from multiome2vec.topics.gibbs import RECORD_EVERY, GibbsSample


@register("lda")
def fit(
    matrix: sparse.csr_matrix, *, k: int, alpha: float, eta: float, iterations: int, seed: int
) -> GibbsSample:
    """Sample topics with lda (see :mod:`multiome2vec.topics.engines`)."""
    import lda

    logging.getLogger("lda").setLevel(logging.WARNING)
    model = lda.LDA(
        n_topics=k, n_iter=iterations, alpha=alpha, eta=eta, random_state=seed, refresh=RECORD_EVERY
    )
    model.fit(matrix.astype(np.int64))
    before = model.loglikelihoods_[1:]  # the first was taken before any sweep
    likelihood = np.append(before, model.loglikelihood())
    iteration = np.append(RECORD_EVERY * np.arange(1, len(before) + 1), iterations)
    return GibbsSample(model.ndz_, model.nzw_.T, likelihood, iteration, "generic")
