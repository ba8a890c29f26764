"""Scores of embeddings, one family per module, registered by name.

A metric takes cells × dimensions and what it is scored against, and returns named floats. What that
is stands in its attribute ``against``:

========== ================================================================
against    signature
========== ================================================================
classes    ``metric(embedding, classes, *, n_neighbors, seed)``
batches    ``metric(embedding, classes, batches, *, n_neighbors, seed)``
pseudotime ``metric(embedding, pseudotime, *, n_neighbors, seed)``
phases     ``metric(embedding, phases, *, n_neighbors, seed)``
========== ================================================================

All are 1 for a perfect embedding, repeat for the same seed, and raise :class:`Undefined` where the
data leave the score without a meaning.
"""

from collections.abc import Callable

from multiome2vec.registry import Registry

REGISTRY = Registry("multiome2vec.metrics", kind="metric")
CLASSES, BATCHES, PSEUDOTIME, PHASES = "classes", "batches", "pseudotime", "phases"


class Undefined(Exception):
    """A score has no meaning for these data; the message says why."""


def register(name: str, *, against: str = CLASSES) -> Callable:
    """Return a decorator that files a metric under ``name`` and notes what it is scored against."""

    def decorate(metric):
        metric.against = against
        return REGISTRY.register(name)(metric)

    return decorate
