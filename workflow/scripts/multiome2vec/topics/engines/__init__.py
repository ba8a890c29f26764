"""Collapsed Gibbs samplers, one per module, registered by name.

An engine is a function ``fit(matrix, *, k, alpha, eta, iterations, seed) -> GibbsSample`` of a
binary cells × regions CSR matrix without empty rows or columns; ``alpha`` and ``eta`` are the
priors of one topic and of one region.
"""

from multiome2vec.registry import Registry

REGISTRY = Registry("multiome2vec.topics.engines", kind="topic engine")
register = REGISTRY.register
