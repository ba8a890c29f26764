"""``mosc``: RNA and ATAC that predict each other: the interdependent ELBO (moSC)."""

from multiome2vec.presets import REGISTRY
from multiome2vec.presets._hyperparameters import Hyperparameters

REGISTRY.register("mosc")(
    Hyperparameters(
        modalities=("rna", "atac"),
        likelihood={"accessibility": "bernoulli"},
        standardise=("counts",),
        terms={"cross": 0.5, "align": 0.1},
    )
)
