"""``contrastive``: cells recognised across modalities and in augmented views (GTEx VAE)."""

from multiome2vec.presets import REGISTRY
from multiome2vec.presets._hyperparameters import Hyperparameters

REGISTRY.register("contrastive")(
    Hyperparameters(
        projection=128, terms={"subset": 1.0, "contrastive": 1.0, "augmented": 1.0}, temperature=0.2
    )
)
