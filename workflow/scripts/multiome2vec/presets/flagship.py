"""``flagship``: RNA, ATAC and motifs with batch correction: small, and fast to train."""

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
