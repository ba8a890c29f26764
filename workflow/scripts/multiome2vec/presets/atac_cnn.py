"""``atac-cnn``: ATAC alone, by a convolutional network over the regions in genomic order (moSC)."""

from multiome2vec.presets import REGISTRY
from multiome2vec.presets._hyperparameters import Hyperparameters

REGISTRY.register("atac-cnn")(
    Hyperparameters(
        modalities=("atac",), hidden=(128,), encoder={"accessibility": "cnn"}, standardise=()
    )
)
