"""Which terms an objective has (no torch: Snakemake reads it while parsing)."""

from dataclasses import dataclass

from multiome2vec.errors import UserError

#: names of the terms beside the ELBO, see :mod:`multiome2vec.objectives.terms`
TERMS = (
    "subset", "cross", "align", "cycle", "usage", "adversary", "masked", "contrastive", "augmented",
    "donor",
)  # fmt: skip
#: those that compare projections
CONTRASTIVE = ("contrastive", "augmented", "donor")


@dataclass(frozen=True)
class ObjectiveSpec:
    """Settings of an objective beside the weights of its terms, which schedules give.

    Attributes
    ----------
    masking
        Lowest and highest share of the inputs hidden in training; drawn anew for every batch.
    free_nats
        The KL divergence counts only above this, in nats per cell.
    free_bits
        That of each latent dimension, a mean over the cells of a batch, counts only above this, in
        nats: Σ_d max(λ, KL_d) (Kingma et al. 2016). Not together with ``free_nats``.
    temperature
        Of contrastive terms.
    thinning
        Share of the counts that each augmented view loses, by binomial draws.
    noise
        Standard deviation of what each augmented view adds to values that are no counts, in their
        unit.
    """

    masking: tuple[float, float] = (0.0, 0.0)
    free_nats: float = 0.0
    free_bits: float = 0.0
    temperature: float = 0.1
    thinning: float = 0.0
    noise: float = 0.0

    def __post_init__(self) -> None:
        if self.free_nats and self.free_bits:
            raise UserError(
                f"free_nats = {self.free_nats:g} and free_bits = {self.free_bits:g} free the same "
                "divergence, in whole and by dimension: set one of them."
            )
