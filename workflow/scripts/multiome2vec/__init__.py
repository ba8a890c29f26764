"""multiome2vec: raw single-cell multiome data to matrices, joint embeddings and a scored report.

The workflow is run by Snakemake. Its models can be used on their own:

>>> import multiome2vec as m2v
>>> model = m2v.train("data.h5mu", preset="trivae", seed=0, latent=4, max_epochs=3)
>>> model.save("trivae")
>>> cells = m2v.embed(m2v.load("trivae"), "data.h5mu")
>>> cells.shape
(120, 4)
>>> sorted(m2v.predict(model, "data.h5mu"))
['atac_to_rna', 'rna_to_atac']

All names of :data:`__all__` are imported when they are first used; until then no torch is loaded.
"""

from importlib import import_module

__version__ = "0.1.0"

_API = "multiome2vec.api"
_HOMES = {
    **dict.fromkeys(("Model", "embed", "gene_embeddings", "generate", "impute"), _API),
    **dict.fromkeys(("interpolate", "load", "loadings", "match", "predict"), _API),
    **dict.fromkeys(("read", "reconstruct", "saliency", "salient_regions", "save", "train"), _API),
    "configure": "multiome2vec.presets",
    "pseudobulk": "multiome2vec.tasks.pseudobulk",
}
__all__ = sorted([*_HOMES, "presets"])


def __getattr__(name: str):
    if name == "presets":
        return import_module("multiome2vec.presets")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'multiome2vec' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
