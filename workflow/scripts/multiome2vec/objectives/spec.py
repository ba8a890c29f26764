"""Which terms an objective has (no torch: Snakemake reads it while parsing)."""

from dataclasses import dataclass

#: names of the terms beside the ELBO, see :mod:`multiome2vec.objectives.terms`
TERMS = (
    "subset", "cross", "align", "cycle", "usage", "adversary", "masked", "contrastive", "augmented",
)  # fmt: skip


@dataclass(frozen=True)
class ObjectiveSpec:
    """Settings of an objective beside the weights of its terms, which schedules give.

    Attributes
    ----------
    masking
        Lowest and highest share of the inputs hidden in training; drawn anew for every batch.
    free_nats
        The KL divergence counts only above this, in nats per cell.
    temperature
        Of contrastive terms.
    """

    masking: tuple[float, float] = (0.0, 0.0)
    free_nats: float = 0.0
    temperature: float = 0.1
