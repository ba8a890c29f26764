"""``trivae``: RNA, ATAC and motif activity in one latent space by a product of experts."""

from dataclasses import dataclass

from multiome2vec.keys import ATAC, MOTIF
from multiome2vec.models.config import (
    ACCESSIBILITY,
    CONTINUOUS,
    COUNTS,
    ModalityShape,
    ModalitySpec,
    ModelConfig,
    Optimisation,
)
from multiome2vec.models.presets import REGISTRY

#: input transform and likelihood by kind of values
TREATMENT = {
    COUNTS: ("log-library", "negative-binomial"),
    ACCESSIBILITY: ("tfidf-1", "poisson"),
    CONTINUOUS: ("identity", "gaussian"),
}


@REGISTRY.register("trivae")
@dataclass(frozen=True)
class TriVAE:
    """Hyperparameters of ``trivae``.

    Attributes
    ----------
    latent, hidden, dropout
        See :class:`~multiome2vec.models.config.ModelConfig`.
    learning_rate, weight_decay, batch_size, max_epochs, patience, kl_warmup_epochs
        See :class:`~multiome2vec.models.config.Optimisation`.
    balance
        ``per_feature`` weighs each modality's reconstruction by (mean number of features) /
        (its number of features), so that many regions do not drown few motifs; ``none`` keeps the
        likelihood as it is.
    n_hvg, n_regions
        At most so many genes (the most variable) and regions (those open in most cells).
    """

    latent: int = 32
    hidden: tuple[int, ...] = (512, 256)
    dropout: float = 0.1
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    batch_size: int = 128
    max_epochs: int = 200
    patience: int = 20
    kl_warmup_epochs: int = 20
    balance: str = "none"
    n_hvg: int = 4000
    n_regions: int = 50_000

    @property
    def optimisation(self) -> Optimisation:
        """How the model is fitted."""
        return Optimisation(
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            batch_size=self.batch_size,
            max_epochs=self.max_epochs,
            patience=self.patience,
            kl_warmup_epochs=self.kl_warmup_epochs,
        )

    def model(self, shapes: dict[str, ModalityShape], *, n_batches: int) -> ModelConfig:
        """Architecture for the modalities that the data have."""
        specs = {}
        average = sum(shape.n_features for shape in shapes.values()) / len(shapes)
        for name, shape in shapes.items():
            transform, likelihood = TREATMENT[shape.kind]
            specs[name] = ModalitySpec(
                n_features=shape.n_features,
                transform=transform,
                likelihood=likelihood,
                weight=average / shape.n_features if self.balance == "per_feature" else 1.0,
                derived_from=ATAC if name == MOTIF else None,
            )
        return ModelConfig(
            modalities=specs,
            n_batches=n_batches,
            latent=self.latent,
            hidden=tuple(self.hidden),
            dropout=self.dropout,
        )
