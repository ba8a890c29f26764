"""``count-gmvae``: a Gaussian-mixture VAE of counts, the sum over components exact (vae4counts)."""

from multiome2vec.presets import REGISTRY
from multiome2vec.presets._hyperparameters import Hyperparameters

REGISTRY.register("count-gmvae")(
    Hyperparameters(
        modalities=("rna",),
        hidden=(256, 128),
        prior="gmvae",
        terms={"usage": 30.0},
        pretrain_epochs=20,
    )
)
