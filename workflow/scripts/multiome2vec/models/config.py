"""Typed configuration of a model: all that is needed to build it, and nothing else."""

from dataclasses import asdict, dataclass
from math import isqrt, log

#: kinds of values that a modality can hold
COUNTS, ACCESSIBILITY, CONTINUOUS = "counts", "accessibility", "continuous"


def nearest_primes(number: int, n: int = 4) -> list[int]:
    """Return the ``n`` primes whose ratio to a number is nearest to 1, smallest first."""
    primes = [p for p in range(2, 2 * number + 20) if all(p % q for q in range(2, isqrt(p) + 1))]
    return sorted(sorted(primes, key=lambda prime: abs(log(prime / number)))[:n])


@dataclass(frozen=True)
class ModalityShape:
    """What the data say about a modality.

    Attributes
    ----------
    kind
        ``counts`` (of RNA molecules or of antibody tags), ``accessibility`` (fragment counts of
        regions) or ``continuous`` (log-normalised expression, motif scores).
    n_features
        Number of features modelled.
    segments
        Number of features on each chromosome, in their order; empty where they have no positions.
    """

    kind: str
    n_features: int
    segments: tuple[int, ...] = ()


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
    encoder, decoder
        Names in :data:`multiome2vec.nn.trunks.TRUNKS` and :data:`multiome2vec.nn.bodies.BODIES`.
    target
        What is reconstructed: ``counts`` (the values as they are) or ``transformed`` (what the
        encoder sees before it is standardised; for real-valued likelihoods, and as some published
        models do it).
    standardise
        Whether inputs are standardised by the training cells, which makes them dense.
    library
        ``observed`` (sum of the modelled counts) or ``latent`` (inferred, log-normal prior).
    weight
        Factor of this modality's reconstruction in the objective.
    derived_from
        Modality of the model that this one was computed from: hidden whenever that one is, and
        its expert is tempered (it repeats evidence).
    segments
        See :class:`ModalityShape`.
    sampled_features
        Features, about so many, over which a training step on a CPU normalises a cell's shares of
        sparse counts; 0 for all.
    """

    n_features: int
    transform: str
    likelihood: str
    encoder: str = "mlp"
    decoder: str = "mlp"
    target: str = "counts"
    standardise: bool = True
    library: str = "observed"
    weight: float = 1.0
    derived_from: str | None = None
    segments: tuple[int, ...] = ()
    sampled_features: int = 0

    @property
    def parts(self) -> list[int]:
        """Numbers of parts in which training steps normalise the shares; empty if in one go."""
        wanted = self.n_features // (self.sampled_features or self.n_features)
        return nearest_primes(wanted) if wanted > 1 else []


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
    dropout, norm, activation
        Of all blocks, see :class:`~multiome2vec.nn.mlp.MLP`.
    batch_in_encoder
        Whether encoders are told the batch too, or decoders alone.
    fusion
        A name in :data:`multiome2vec.models.fusion.FUSIONS`.
    shared
        Width of the joint layer of the fusion ``concat``; 0 for none.
    prior
        A name in :data:`multiome2vec.models.priors.PRIORS`.
    n_components
        Components of a mixture prior; 0 for the standard normal.
    prior_options
        Further settings of the prior, by name.
    prior_expert
        Whether a product of experts includes N(0, I); off with a mixture prior.
    projection
        Width of the projection heads of a contrastive objective; 0 for none.
    adversary
        Whether there is a classifier of batches for an adversarial objective.
    """

    modalities: dict[str, ModalitySpec]
    n_batches: int
    latent: int
    hidden: tuple[int, ...]
    dropout: float
    norm: str = "layer"
    activation: str = "relu"
    batch_in_encoder: bool = True
    fusion: str = "poe"
    shared: int = 0
    prior: str = "standard-normal"
    n_components: int = 0
    prior_options: tuple[tuple[str, str | float], ...] = ()
    prior_expert: bool = True
    projection: int = 0
    adversary: bool = False

    @property
    def groups(self) -> list[list[int]]:
        """Positions of the modalities of each source of evidence: one measured, those derived."""
        names = list(self.modalities)
        roots = [self.modalities[name].derived_from or name for name in names]
        return [[m for m, r in enumerate(roots) if r == root] for root in dict.fromkeys(roots)]

    def to_dict(self) -> dict:
        """Plain values for a JSON file; the modalities as a list, which keeps their order."""
        specs = [{"name": name, **asdict(spec)} for name, spec in self.modalities.items()]
        plain = {**asdict(self), "hidden": list(self.hidden), "modalities": specs}
        return plain | {"prior_options": dict(self.prior_options)}

    @classmethod
    def from_dict(cls, values: dict) -> "ModelConfig":
        """Undo :meth:`to_dict`."""
        specs = {}
        for entry in values["modalities"]:
            fields = dict(entry, segments=tuple(entry["segments"]))
            name = fields.pop("name")
            specs[name] = ModalitySpec(**fields)
        options = tuple(values["prior_options"].items())
        tuples = {"hidden": tuple(values["hidden"]), "prior_options": options}
        return cls(**{**values, "modalities": specs, **tuples})
