"""Typed configuration of a model: all that is needed to build it, and nothing else."""

from dataclasses import asdict, dataclass

#: kinds of values that a modality can hold
COUNTS, ACCESSIBILITY, CONTINUOUS = "counts", "accessibility", "continuous"


@dataclass(frozen=True)
class ModalityShape:
    """What the data say about a modality.

    Attributes
    ----------
    kind
        ``counts`` (of RNA molecules), ``accessibility`` (fragment counts of regions) or
        ``continuous`` (log-normalised expression, motif scores).
    n_features
        Number of features modelled.
    """

    kind: str
    n_features: int


@dataclass(frozen=True)
class ModalitySpec:
    """How a model treats a modality.

    Attributes
    ----------
    n_features
        Number of features.
    transform
        Input transform, a name in :data:`multiome2vec.models.transforms.TRANSFORMS`.
    likelihood
        A name in :data:`multiome2vec.models.likelihoods.LIKELIHOODS`.
    weight
        Factor of this modality's reconstruction in the objective.
    derived_from
        Modality that this one was computed from: hidden whenever that one is, and its expert is
        tempered (it repeats evidence).
    """

    n_features: int
    transform: str
    likelihood: str
    weight: float = 1.0
    derived_from: str | None = None


@dataclass(frozen=True)
class ModelConfig:
    """Architecture of a :class:`~multiome2vec.models.multimodal.MultimodalVAE`.

    Attributes
    ----------
    modalities
        By name; the order is that of the experts.
    n_batches
        Number of batches that encoders and decoders are told of (0: none).
    latent
        Dimensions of the latent space.
    hidden
        Widths of the encoders' blocks; the decoders mirror them.
    dropout
        Dropout of all blocks.
    """

    modalities: dict[str, ModalitySpec]
    n_batches: int
    latent: int
    hidden: tuple[int, ...]
    dropout: float

    def to_dict(self) -> dict:
        """Plain values for a JSON file; the modalities as a list, which keeps their order."""
        specs = [{"name": name, **asdict(spec)} for name, spec in self.modalities.items()]
        return {**asdict(self), "modalities": specs, "hidden": list(self.hidden)}

    @classmethod
    def from_dict(cls, values: dict) -> "ModelConfig":
        """Undo :meth:`to_dict`."""
        specs = {}
        for entry in values["modalities"]:
            fields = dict(entry)
            name = fields.pop("name")
            specs[name] = ModalitySpec(**fields)
        return cls(**{**values, "modalities": specs, "hidden": tuple(values["hidden"])})


@dataclass(frozen=True)
class Optimisation:
    """How a model is fitted.

    Attributes
    ----------
    learning_rate, weight_decay
        Of AdamW.
    batch_size
        Cells per step.
    max_epochs
        Passes over the training cells, at most.
    patience
        Epochs without a better validation loss before training stops.
    kl_warmup_epochs
        Epochs over which the weight of the KL divergence rises linearly to 1.
    """

    learning_rate: float
    weight_decay: float
    batch_size: int
    max_epochs: int
    patience: int
    kl_warmup_epochs: int
