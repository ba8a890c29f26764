"""Embeddings without training, to stand beside the models; one per module, registered by name.

A baseline is a function ``embed(mdata, *, seed) -> array`` of cells × dimensions, float32.
"""

from multiome2vec.registry import Registry

REGISTRY = Registry("multiome2vec.baselines", kind="baseline")
register = REGISTRY.register
N_COMPONENTS = 30
