"""``scmvp-parity``: the settings of scMVP's demonstrations, without their faults."""

from multiome2vec.presets import REGISTRY
from multiome2vec.presets._hyperparameters import Hyperparameters

REGISTRY.register("scmvp-parity")(
    Hyperparameters(
        modalities=("rna", "atac"),
        latent=20,
        hidden=(128,),
        norm="batch",
        fusion="concat",
        shared=128,
        prior="mixture",
        encoder={"counts": "mask-attention", "accessibility": "self-attention-scalar"},
        decoder={"counts": "cluster-attention", "accessibility": "cluster-attention"},
        likelihood={"accessibility": "zero-inflated-poisson"},
        target={"accessibility": "transformed"},
        standardise=(),
        terms={"cycle": 1.0},
        kl_warmup_epochs=5,
        optimiser="adam",
        batch_size=64,
        learning_rate=5e-3,
        epsilon=1e-2,
        weight_decay=1e-6,
        max_epochs=15,
    )
)
