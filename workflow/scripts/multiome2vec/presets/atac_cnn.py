"""``atac-cnn``: ATAC alone, by a convolutional network over the regions in genomic order (moSC)."""

from multiome2vec.presets import REGISTRY
from multiome2vec.presets._hyperparameters import Hyperparameters

REGISTRY.register("atac-cnn")(
    Hyperparameters(
        modalities=("atac",),
        latent=24,
        hidden=(256,),
        dropout=0.3,
        encoder={"accessibility": "cnn"},
        standardise=(),
        kl_warmup_epochs=5,
        learning_rate=5e-4,
    )
)
