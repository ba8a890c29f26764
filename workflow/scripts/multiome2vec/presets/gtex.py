"""``gtex``: a deep VAE of log expression, as last run on GTEx (GTEx VAE).

Its sizes, dropout, masking, batches, epochs and cycles of the KL weight. This project's are that
weight (theirs is 1: per dimension of 64, 155 times that of the ELBO, so that nothing is learnt), the
averaged weights and the rate (three times theirs: with theirs, too little of small datasets is
learnt), and that training ends by the patience alone, not by a target of the loss.
"""

from multiome2vec.presets import REGISTRY
from multiome2vec.presets._hyperparameters import Hyperparameters

REGISTRY.register("gtex")(
    Hyperparameters(
        modalities=("rna",),
        n_hvg=20_000,
        latent=64,
        hidden=(4096, 2048, 1024, 512, 256),
        dropout=0.35,
        norm="batch",
        activation="elu",
        initialisation="xavier",
        likelihood={"counts": "gaussian-unit", "continuous": "gaussian-unit"},
        target={"counts": "transformed"},
        kl_reduction="mean",
        kl_weight=0.01,
        kl_schedule="cyclical",
        kl_decay=0.9,
        kl_warmup_epochs=10,
        masking=(0.05, 0.25),
        terms={"masked": 0.5},
        learning_rate=3e-4,
        weight_decay=1e-5,
        batch_size=64,
        max_epochs=300,
        patience=60,
        ema_decay=0.99,
    )
)
