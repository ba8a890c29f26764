"""Scores of embeddings: one family per module; a metric takes arrays and returns named floats.

A metric is a function ``metric(embedding, labels, *, n_neighbors, seed) -> dict[str, float]`` of
cells × dimensions and one class per cell, registered under its name. All are 1 for an embedding
that separates the classes perfectly, and raise ValueError where they are not defined.
"""

from multiome2vec.registry import Registry

REGISTRY = Registry("multiome2vec.metrics", kind="metric")
register = REGISTRY.register
