"""``scmvp``: scMVP, corrected: attention encoders, mixture prior, cluster attention, cycle."""

from multiome2vec.presets import REGISTRY
from multiome2vec.presets._hyperparameters import Hyperparameters

REGISTRY.register("scmvp")(
    Hyperparameters(
        modalities=("rna", "atac"),
        latent=20,
        hidden=(128,),
        dropout=0.3,
        fusion="concat",
        shared=256,
        prior="mixture",
        encoder={"counts": "mask-attention", "accessibility": "self-attention"},
        decoder={"counts": "cluster-attention", "accessibility": "cluster-attention"},
        likelihood={"accessibility": "zero-inflated-poisson"},
        standardise=(),
        terms={"subset": 1.0, "cycle": 0.1, "usage": 10.0},
        pretrain_epochs=20,
    )
)
