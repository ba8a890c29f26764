"""``flagship``: the joint embedding to start with, RNA, ATAC and motifs with batch correction."""

from multiome2vec.presets import REGISTRY
from multiome2vec.presets._hyperparameters import Hyperparameters

REGISTRY.register("flagship")(
    Hyperparameters(
        latent=24,
        hidden=(128, 128),
        dropout=0.2,
        norm="batch",
        standardise=("counts", "continuous"),
        terms={"subset": 2.0},
        kl_warmup_epochs=30,
        learning_rate=2e-3,
    )
)
