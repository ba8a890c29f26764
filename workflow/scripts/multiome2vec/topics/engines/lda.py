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
    likelihood = np.append(model.loglikelihoods_, model.loglikelihood())
    iteration = np.append(np.arange(len(model.loglikelihoods_)) * RECORD_EVERY, iterations)
    return GibbsSample(model.ndz_, model.nzw_.T, likelihood, iteration, "generic")
