"""``trivae``: RNA, ATAC and motif activity in one latent space (tri-modal VAE, corrected)."""

from multiome2vec.presets import REGISTRY
from multiome2vec.presets._hyperparameters import Hyperparameters

REGISTRY.register("trivae")(Hyperparameters(terms={"subset": 1.0}))
