"""LDA by tomotopy: one worker, fixed priors, so that the seed fixes the result."""

from itertools import pairwise

import numpy as np
from scipy import sparse

from multiome2vec.topics.engines import register
from multiome2vec.topics.gibbs import RECORD_EVERY, GibbsSample


@register("tomotopy")
def fit(
    matrix: sparse.csr_matrix, *, k: int, alpha: float, eta: float, iterations: int, seed: int
) -> GibbsSample:
    """Sample topics with tomotopy (see :mod:`multiome2vec.topics.engines`)."""
    import tomotopy

    model = tomotopy.LDAModel(k=k, alpha=alpha, eta=eta, seed=seed)
    model.optim_interval = 0  # keep the prior, as cisTopic does
    words = np.array([str(region) for region in range(matrix.shape[1])], dtype=object)
    for start, end in pairwise(matrix.indptr):
        model.add_doc(words[matrix.indices[start:end]].tolist())
    records = []
    for done in range(0, iterations, RECORD_EVERY):
        model.train(min(RECORD_EVERY, iterations - done), workers=1)
        records.append((model.global_step, model.ll_per_word * model.num_words))
    cell_topic = np.zeros((matrix.shape[0], k), dtype=np.int64)
    region_topic = np.zeros((matrix.shape[1], k), dtype=np.int64)
    region_of = np.array([int(word) for word in model.used_vocabs])
    for cell, doc in enumerate(model.docs):
        topics = np.asarray(doc.topics, dtype=np.int64)
        cell_topic[cell] = np.bincount(topics, minlength=k)
        # a cell holds each region once, so plain fancy indexing counts right
        region_topic[region_of[np.asarray(doc.words)], topics] += 1
    iteration, likelihood = np.array(records).T
    return GibbsSample(cell_topic, region_topic, likelihood, iteration, tomotopy.isa)
