"""``ldvae``: a VAE of counts with a linear decoder, whose loadings can be read (S2, LDVAE)."""

from multiome2vec.presets import REGISTRY
from multiome2vec.presets._hyperparameters import Hyperparameters

REGISTRY.register("ldvae")(
    Hyperparameters(modalities=("rna",), latent=10, hidden=(256, 128), decoder={"counts": "linear"})
)
