"""All settings of a model and its training in one typed place (no torch: Snakemake reads it)."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from multiome2vec.errors import UserError
from multiome2vec.keys import ATAC, MOTIF
from multiome2vec.models.config import (
    ACCESSIBILITY,
    CONTINUOUS,
    COUNTS,
    ModalityShape,
    ModalitySpec,
    ModelConfig,
)
from multiome2vec.objectives.spec import CONTRASTIVE, TERMS, ObjectiveSpec
from multiome2vec.training.schedules import Schedule
from multiome2vec.training.settings import LR_SCHEDULES, OPTIMISERS, Optimisation

NORMAL = "standard-normal"
AUTO = "auto"  # number of components that the cells give
PLACEHOLDER = 10  # components as long as the cells have not given theirs

#: what a setting by kind of values is where a preset does not say otherwise
TRANSFORM = {COUNTS: "log-library", ACCESSIBILITY: "tfidf-1", CONTINUOUS: "identity"}
LIKELIHOOD = {COUNTS: "negative-binomial", ACCESSIBILITY: "poisson", CONTINUOUS: "gaussian"}
NETWORK = dict.fromkeys(TRANSFORM, "mlp")
TARGET = dict.fromkeys(TRANSFORM, "counts")
LATE = ("cycle", *CONTRASTIVE)
CLUSTER_ATTENTION = ("cluster-attention", "cluster-attention-sigmoid")  # decoders

#: what settings with a few possible values may be (networks and likelihoods have registries)
CHOICES = {
    "library": ("observed", "latent"),
    "balance": ("none", "per_feature"),
    "enumerate": ("exact", "argmax", "gumbel"),
    "initialisation": ("kaiming", "xavier"),
    "kl_reduction": ("sum", "mean"),
    "kl_schedule": ("linear", "cosine", "exponential", "cyclical"),
    "optimiser": OPTIMISERS,
    "lr_schedule": LR_SCHEDULES,
}
#: settings that :class:`~multiome2vec.training.settings.Optimisation` has under the same name
OPTIMISATION = (
    *("optimiser", "learning_rate", "weight_decay", "epsilon", "batch_size", "accumulation"),
    *("max_epochs", "patience", "lr_schedule", "lr_warmup_epochs", "plateau_factor"),
    *("plateau_patience", "gradient_clip", "target_loss", "ema_decay"),
)


@dataclass(frozen=True)
class Hyperparameters:
    """Settings of a model. A preset is an instance; the configuration overrides single fields.

    Attributes
    ----------
    modalities
        Modalities to model; empty for all that the dataset has.
    n_hvg, n_regions
        At most so many genes (the most variable) and regions (those open in most cells).
    latent, hidden, dropout, norm, activation, batch_in_encoder, fusion, shared, prior
        See :class:`~multiome2vec.models.config.ModelConfig`.
    initialisation
        Of linear layers: ``kaiming`` (uniform within ±1/√inputs, also of the biases) or ``xavier``
        (uniform within ±√(6 / (inputs + outputs)), biases 0).
    n_components
        Components of a mixture prior; ``auto`` for as many as Leiden finds clusters of the cells
        (2 to 50) after the epochs with the prior N(0, I), see
        :mod:`multiome2vec.tasks.components`.
    enumerate
        How ``gmvae`` treats its components: ``exact``, ``argmax`` or ``gumbel``.
    transform, likelihood, encoder, decoder
        By kind of values, see :class:`~multiome2vec.models.config.ModalitySpec`.
    target
        By kind of values, what is reconstructed: ``counts`` as they are, or ``transformed``.
    standardise
        Kinds of values whose inputs are standardised.
    library
        Of counts: ``observed`` or ``latent``.
    balance
        ``per_feature`` weighs each modality's reconstruction by (mean number of features) /
        (its number of features), so that many regions do not drown few motifs; ``none`` keeps the
        likelihood as it is.
    sampled_features
        Features, about so many, over which a training step on a CPU normalises the shares of a
        cell's sparse counts (``poisson``, ``multinomial``), see
        :func:`multiome2vec.models.likelihoods.parts.total_in_parts`; 0 for all. Twice as many
        features are needed for that. What is validated, and what a trained model gives, takes all.
    kl_weight
        β, the final weight of the KL divergence.
    kl_reduction
        ``sum``: nats. ``mean``: KL per dimension against squared error per feature (GTEx VAE); then
        β is kl_weight · F / (2 · latent), which the card records.
    kl_c_weight
        Final weight of the part of a mixture prior's divergence that is of the components, KL(γ ‖
        π), instead of kl_weight; None for the same.
    kl_schedule, kl_warmup_epochs, kl_decay
        Course of β: ``linear``, ``cosine`` or ``exponential`` (one rise in kl_warmup_epochs, see
        :class:`~multiome2vec.training.schedules.Schedule`) or ``cyclical`` (cosine ramps of
        kl_warmup_epochs each, kl_decay times the one before).
    terms
        Weights of further terms, see :mod:`multiome2vec.objectives.terms`.
    masking, free_nats, free_bits, temperature, thinning, noise
        See :class:`~multiome2vec.objectives.spec.ObjectiveSpec`.
    projection
        Width of the heads of contrastive terms; 0 for none.
    pretrain_epochs
        Epochs with the prior N(0, I) before a mixture prior takes its start from the cells.
    reseed_epochs
        Epochs in a row after which a dead component of a mixture prior is moved to cells that the
        prior explains worst, as long as β rises or the term ``usage`` falls; 0 for never.
    usage_epochs
        Epochs in which the weight of the term ``usage`` falls linearly to 0; 0 if it stays.
    uniform_epochs
        First epochs, after those of ``pretrain_epochs``, in which the components of a mixture prior
        weigh alike, so that none is starved before it has found its cells; 0 for none.
    optimiser, learning_rate, weight_decay, batch_size, max_epochs, patience, ...
        See :class:`~multiome2vec.training.settings.Optimisation`.
    """

    modalities: tuple[str, ...] = ()
    n_hvg: int = 4000
    n_regions: int = 50_000

    latent: int = 32
    hidden: tuple[int, ...] = (512, 256)
    dropout: float = 0.1
    norm: str = "layer"
    activation: str = "relu"
    initialisation: str = "kaiming"
    batch_in_encoder: bool = True
    fusion: str = "poe"
    shared: int = 0
    prior: str = NORMAL
    n_components: int | str = 10
    enumerate: str = "exact"
    transform: dict[str, str] = field(default_factory=dict)
    likelihood: dict[str, str] = field(default_factory=dict)
    encoder: dict[str, str] = field(default_factory=dict)
    decoder: dict[str, str] = field(default_factory=dict)
    target: dict[str, str] = field(default_factory=dict)
    standardise: tuple[str, ...] = (COUNTS, ACCESSIBILITY, CONTINUOUS)
    library: str = "observed"
    balance: str = "none"

    sampled_features: int = 4096

    kl_weight: float = 1.0
    kl_c_weight: float | None = None
    kl_reduction: str = "sum"
    kl_schedule: str = "linear"
    kl_warmup_epochs: int = 20
    kl_decay: float = 1.0
    terms: dict[str, float] = field(default_factory=dict)
    masking: tuple[float, float] = (0.0, 0.0)
    free_nats: float = 0.0
    free_bits: float = 0.0
    temperature: float = 0.1
    thinning: float = 0.0
    noise: float = 0.0
    projection: int = 0
    pretrain_epochs: int = 0
    reseed_epochs: int = 3
    uniform_epochs: int = 0
    usage_epochs: int = 0

    optimiser: str = "adamw"
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    epsilon: float = 1e-8
    batch_size: int = 128
    accumulation: int = 1
    max_epochs: int = 200
    patience: int = 20
    lr_schedule: str = "plateau"
    lr_warmup_epochs: int = 0
    plateau_factor: float = 0.5
    plateau_patience: int = 6
    gradient_clip: float = 1.0
    target_loss: float | None = None
    ema_decay: float = 0.0

    def __post_init__(self) -> None:
        for name, fallback in {
            "transform": TRANSFORM,
            "likelihood": LIKELIHOOD,
            "encoder": NETWORK,
            "decoder": NETWORK,
            "target": TARGET,
        }.items():
            _require_known(name, getattr(self, name), fallback)
            object.__setattr__(self, name, {**fallback, **getattr(self, name)})
        for name, known in CHOICES.items():
            _require_known(name, (getattr(self, name),), known)
        _require_known("target", self.target.values(), ("counts", "transformed"))
        _require_known("standardise", self.standardise, TRANSFORM)
        _require_known("terms", self.terms, TERMS)
        _ = self.objective  # refuses what contradicts itself
        compared = [name for name in CONTRASTIVE if self.terms.get(name, 0) > 0]
        if compared and not self.projection:
            raise UserError(
                f"The term '{compared[0]}' compares projections, but there are none: set "
                "'projection' to their width, such as 128."
            )
        if self.shared and self.fusion != "concat":
            raise UserError(
                "'shared' is the width of a layer of the fusion 'concat', but the fusion is "
                f"'{self.fusion}': set one of them to another value (shared: 0 for no such layer)."
            )
        if self.n_components == AUTO and not (self.has_mixture and self.pretrain_epochs):
            raise UserError(
                "n_components: auto counts the clusters that the cells form before there is a "
                "mixture. Give it a mixture prior and pretrain_epochs above 0, or set a number."
            )

    @property
    def objective(self) -> ObjectiveSpec:
        """Settings of the loss."""
        return ObjectiveSpec(
            masking=tuple(self.masking),
            free_nats=self.free_nats,
            free_bits=self.free_bits,
            temperature=self.temperature,
            thinning=self.thinning,
            noise=self.noise,
        )

    @property
    def has_mixture(self) -> bool:
        """Whether the prior has components."""
        return self.prior != NORMAL

    def optimisation(self, config: ModelConfig) -> Optimisation:
        """How a model of that architecture is fitted."""
        return Optimisation(
            **{name: getattr(self, name) for name in OPTIMISATION},
            reseed_epochs=self.reseed_epochs if self.has_mixture else 0,
            uniform_epochs=self.uniform_epochs if self.has_mixture else 0,
            schedules=self.schedules(config),
        )

    def schedules(self, config: ModelConfig) -> dict[str, Schedule]:
        """Course over the epochs of the weight of every term of the objective.

        Terms that need a latent space to speak of start when β has reached its value.
        """
        found = {"kl_z": self._beta(config, self.kl_weight)}
        if self.has_mixture:
            own = self.kl_weight if self.kl_c_weight is None else self.kl_c_weight
            found["kl_c"] = self._beta(config, own)
        for name, weight in self.terms.items():
            delay = self.kl_warmup_epochs if name in LATE else 0
            found[name] = Schedule("constant", weight, delay=delay)
        weight = self.terms.get("usage", 0)
        if weight and self.usage_epochs:
            found["usage"] = Schedule("linear", 0.0, start=weight, epochs=self.usage_epochs)
        return found

    def _beta(self, config: ModelConfig, value: float) -> Schedule:
        if self.kl_reduction == "mean":
            n_features = sum(spec.n_features for spec in config.modalities.values())
            value *= n_features / (2 * config.latent)
        if self.kl_schedule != "cyclical":
            return Schedule(self.kl_schedule, value, epochs=self.kl_warmup_epochs)
        return Schedule(
            "cyclical",
            value,
            epochs=self.kl_warmup_epochs,
            style="cosine",
            decay=self.kl_decay,
            floor=0.01,
        )

    def model(self, shapes: dict[str, ModalityShape], *, n_batches: int) -> ModelConfig:
        """Architecture for the modalities that the data have.

        Raises
        ------
        UserError
            If the data lack a modality that is asked for.
        """
        missing = [name for name in self.modalities if name not in shapes]
        if missing:
            raise UserError(
                f"The model needs the modality {', '.join(missing)}, which this dataset lacks (it "
                f"has {', '.join(shapes)}). Take the model out of run.models for this dataset, or "
                "change its setting 'modalities'."
            )
        shapes = {name: s for name, s in shapes.items() if name in (self.modalities or shapes)}
        mixture = self.has_mixture or self.decodes_clusters
        n_components = PLACEHOLDER if self.n_components == AUTO else self.n_components
        return ModelConfig(
            modalities={name: self._spec(name, shapes) for name in shapes},
            n_batches=n_batches,
            latent=self.latent,
            hidden=tuple(self.hidden),
            dropout=self.dropout,
            norm=self.norm,
            activation=self.activation,
            batch_in_encoder=self.batch_in_encoder,
            fusion=self.fusion,
            shared=self.shared,
            prior=self.prior,
            n_components=n_components if mixture else 0,
            prior_options=(("enumerate", self.enumerate),) if self.prior == "gmvae" else (),
            prior_expert=not self.has_mixture,
            projection=self.projection,
            adversary=self.terms.get("adversary", 0) > 0,
        )

    @property
    def decodes_clusters(self) -> bool:
        """Whether a decoder attends to the components of the prior."""
        return any(name in CLUSTER_ATTENTION for name in self.decoder.values())

    def _spec(self, name: str, shapes: dict[str, ModalityShape]) -> ModalitySpec:
        shape = shapes[name]
        kind = shape.kind
        average = sum(s.n_features for s in shapes.values()) / len(shapes)
        return ModalitySpec(
            n_features=shape.n_features,
            transform=self.transform[kind],
            likelihood=self.likelihood[kind],
            encoder=self.encoder[kind],
            decoder=self.decoder[kind],
            target=self.target[kind],
            standardise=kind in self.standardise,
            library=self.library if kind == COUNTS else "observed",
            weight=average / shape.n_features if self.balance == "per_feature" else 1.0,
            derived_from=ATAC if name == MOTIF and ATAC in shapes else None,
            segments=shape.segments,
            sampled_features=self.sampled_features,
        )


def _require_known(setting: str, found: Iterable[str], known: Iterable[str]) -> None:
    unknown = [name for name in found if name not in known]
    if unknown:
        raise UserError(
            f"The setting '{setting}' of a model knows no '{unknown[0]}'. Known: "
            f"{', '.join(known)}."
        )
