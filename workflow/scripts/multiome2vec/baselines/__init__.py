"""Embeddings without training, to stand beside the models; one per module, registered by name.

A baseline is a function ``embed(adata, *, seed) -> array`` of cells × dimensions (float32) of one
modality, which its attribute ``modality`` names.
"""

from collections.abc import Callable

from multiome2vec.registry import Registry

REGISTRY = Registry("multiome2vec.baselines", kind="baseline")
N_COMPONENTS = 30


def register(name: str, *, modality: str) -> Callable:
    """Return a decorator that files a baseline under ``name`` and notes its modality."""

    def decorate(embed):
        embed.modality = modality
        return REGISTRY.register(name)(embed)

    return decorate
