"""``ldvae``: a VAE of counts with a linear decoder: loadings to read (vae4counts, LDVAE)."""

from multiome2vec.presets import REGISTRY
from multiome2vec.presets._hyperparameters import Hyperparameters

REGISTRY.register("ldvae")(
    Hyperparameters(modalities=("rna",), latent=10, hidden=(256, 128), decoder={"counts": "linear"})
)
