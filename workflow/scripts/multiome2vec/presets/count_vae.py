"""``count-vae``: a VAE of counts with a latent library (vae4counts, scVI)."""

from multiome2vec.presets import REGISTRY
from multiome2vec.presets._hyperparameters import Hyperparameters

REGISTRY.register("count-vae")(
    Hyperparameters(modalities=("rna",), latent=16, hidden=(256, 128), library="latent")
)
