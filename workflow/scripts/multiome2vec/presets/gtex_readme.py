"""``gtex-readme``: the deep VAE as the text of GTEx VAE has it, its latent as wide as the input.

This project's own are the averaged weights, and that what was hidden is scored once more, as in
``gtex``.
"""

from multiome2vec.presets import REGISTRY
from multiome2vec.presets._hyperparameters import Hyperparameters

REGISTRY.register("gtex-readme")(
    Hyperparameters(
        modalities=("rna",),
        n_hvg=20_000,
        latent=19_797,
        hidden=(4096, 2048, 1024, 512, 256),
        dropout=0.3,
        norm="batch",
        activation="elu",
        initialisation="xavier",
        likelihood={"counts": "gaussian-unit", "continuous": "gaussian-unit"},
        target={"counts": "transformed"},
        kl_reduction="mean",
        kl_weight=0.1,
        kl_schedule="cyclical",
        kl_warmup_epochs=40,
        masking=(0.05, 0.25),
        terms={"masked": 0.5},
        learning_rate=1e-4,
        weight_decay=1e-4,
        batch_size=64,
        max_epochs=300,
        patience=30,
        ema_decay=0.99,
    )
)
