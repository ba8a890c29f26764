"""``gtex``: a deep VAE of log expression, as last run on GTEx (GTEx VAE).

Its sizes, dropout, masking, batches, epochs and cycles of the KL weight. This project's own:

- the KL weight (theirs is 1, which per dimension of 64 is 155 times the weight in an ELBO);
- averaged weights and a rate of 3e-4 (theirs is 1e-4, which learns too little of small datasets);
- no target of the loss ends the training, and the plateau rule waits 6 epochs (theirs 5).
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
