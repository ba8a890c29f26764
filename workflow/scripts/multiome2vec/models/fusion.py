"""Fusion of the modalities' posteriors (experts) into one.

Each class turns ``experts`` [B, M, D], the encoders' ``hidden`` outputs (M tensors [B, H_m]) and
the ``mask`` [B, M] of what is seen into a :class:`~multiome2vec.models.gaussian.Mixture`. What is
not seen has no influence, not even if it is not a number; a cell of which nothing is seen gets
N(0, I).
"""

from collections.abc import Sequence
from itertools import product

import torch
from torch import Tensor, nn

from multiome2vec.models.gaussian import Mixture, Posterior, bounded


def hidden_as_prior(experts: Posterior, mask: Tensor) -> Posterior:
    """Experts [B, M, D] with N(0, I) in the place of those outside ``mask`` [B, M]."""
    unseen = ~mask.unsqueeze(-1)
    return Posterior(*(part.masked_fill(unseen, 0) for part in experts))


def or_all(mask: Tensor) -> Tensor:
    """Mask [B, S] with all true in the rows that have nothing true."""
    return mask | ~mask.any(dim=1, keepdim=True)


def uniform_weights(available: Tensor, like: Tensor) -> Tensor:
    """Equal weights [B, S] of the available ones, or of all if none is, in the type of ``like``."""
    chosen = or_all(available).to(like.dtype)
    return chosen / chosen.sum(dim=1, keepdim=True)


def nonempty_subsets(n_modalities: int) -> Tensor:
    """All 2^M − 1 non-empty subsets of the modalities, boolean [2^M − 1, M]."""
    return torch.tensor(list(product([False, True], repeat=n_modalities))[1:])


class Fusion(nn.Module):
    """What all fusions are told.

    Parameters
    ----------
    n_latent
        Dimensions D of the latent space.
    widths
        Width H_m of each encoder's hidden output.
    derived
        For each modality, whether it is derived from another.
    prior_expert
        Whether products hold the prior N(0, I) as one more expert; not with a mixture prior.

    Attributes
    ----------
    reads_experts
        Whether experts are read; those that read ``hidden`` alone need none.
    """

    reads_experts: bool = True

    def __init__(
        self, n_latent: int, *, widths: Sequence[int], derived: Sequence[bool], prior_expert: bool
    ) -> None:
        super().__init__()
        if len(widths) != len(derived):
            raise ValueError(f"{len(widths)} widths for {len(derived)} modalities")
        self.n_latent, self.widths, self.prior_expert = n_latent, tuple(widths), prior_expert
        self.register_buffer("derived", torch.tensor(list(derived)), persistent=False)


class ProductOfExperts(Fusion):
    """Product of the seen experts' Gaussians and, if asked for, the prior expert N(0, I).

    With precisions τ_m = t_m exp(−λ_m) and masks b_m: σ² = 1 / (1 + Σ b_m τ_m) and
    μ = σ² Σ b_m τ_m μ_m (Wu & Goodman 2018); without the prior expert, there is no 1. The tempering
    t_m is 1 for modalities of their own evidence and learnt in (0, 1) for derived ones, which
    repeat another expert's evidence. One component.
    """

    def __init__(
        self, n_latent: int, *, widths: Sequence[int], derived: Sequence[bool], prior_expert: bool
    ) -> None:
        super().__init__(n_latent, widths=widths, derived=derived, prior_expert=prior_expert)
        self.tempering_logit = nn.Parameter(torch.zeros(len(derived)))

    @property
    def tempering(self) -> Tensor:
        """Factor t_m of each expert's precision [M]."""
        own = torch.ones_like(self.tempering_logit)
        return torch.where(self.derived, torch.sigmoid(self.tempering_logit), own)

    def product(self, experts: Posterior, masks: Tensor) -> Posterior:
        """Products [B, S, D] of the experts [B, M, D] in each of S masks [B, S, M]."""
        used = (masks.to(experts.mean.dtype) * self.tempering).unsqueeze(-1)
        precision = used * torch.exp(-experts.log_variance).unsqueeze(1)
        total = precision.sum(dim=2)
        empty = ~masks.any(dim=2, keepdim=True)
        total = total + 1 if self.prior_expert else total.masked_fill(empty, 1)
        mean = (precision * experts.mean.unsqueeze(1)).sum(dim=2) / total
        return Posterior(mean, -total.log())

    def forward(self, experts: Posterior, hidden: list[Tensor], mask: Tensor) -> Mixture:
        """Fuse experts [B, M, D] where ``mask`` [B, M] is true; ``hidden`` is not used."""
        fused = self.product(hidden_as_prior(experts, mask), mask.unsqueeze(1))
        return Mixture(torch.ones_like(fused.mean[..., 0]), fused)


class MixtureOfExperts(Fusion):
    """Equal mixture of the seen experts, Σ_m b_m / Σb · N(μ_m, σ_m²) (Shi et al. 2019).

    M components; those of modalities that are not seen weigh 0.
    """

    def forward(self, experts: Posterior, hidden: list[Tensor], mask: Tensor) -> Mixture:
        """Mix experts [B, M, D] where ``mask`` [B, M] is true; ``hidden`` is not used."""
        return Mixture(uniform_weights(mask, experts.mean), hidden_as_prior(experts, mask))


class MixtureOfProducts(ProductOfExperts):
    """Equal mixture of the products of experts of the subsets (MoPoE, Sutter et al. 2021).

    A component per subset; those of subsets that are not wholly seen weigh 0. A cell of which no
    subset is wholly seen gets N(0, I).

    Parameters
    ----------
    n_latent, widths, derived, prior_expert
        As for all fusions.
    subsets
        Boolean [S, M], each with something in it; all 2^M − 1 if not given.
    """

    def __init__(
        self,
        n_latent: int,
        *,
        widths: Sequence[int],
        derived: Sequence[bool],
        prior_expert: bool,
        subsets: Tensor | None = None,
    ) -> None:
        super().__init__(n_latent, widths=widths, derived=derived, prior_expert=prior_expert)
        subsets = nonempty_subsets(len(derived)) if subsets is None else subsets.bool()
        if subsets.shape != (len(subsets), len(derived)) or not subsets.any(dim=1).all():
            raise ValueError(f"subsets are not S × {len(derived)} with something in each row")
        self.register_buffer("subsets", subsets, persistent=False)

    def forward(self, experts: Posterior, hidden: list[Tensor], mask: Tensor) -> Mixture:
        """Mix the products of experts [B, M, D] within ``mask``; ``hidden`` is not used."""
        available = ~(self.subsets & ~mask.unsqueeze(1)).any(dim=2)  # [B, S]
        masks = self.subsets & available.unsqueeze(2)
        fused = self.product(hidden_as_prior(experts, mask), masks)
        return Mixture(uniform_weights(available, experts.mean), fused)


class EqualMeanOfMoments(Fusion):
    """Mean of the seen experts' means and of their variances (MultiVI, Ashuach et al. 2023).

    (μ, σ²) = Σ_m w_m (μ_m, σ_m²), the weights w a softmax over what a cell has, here of zeros. One
    component.
    """

    def logits(self, hidden: list[Tensor], mask: Tensor) -> Tensor:
        """Logarithms of the weights, not normalised: of the cells [B, M] or of all [M]."""
        return torch.zeros(mask.shape[1], device=mask.device)

    def weights(self, hidden: list[Tensor], mask: Tensor) -> Tensor:
        """Weights [B, M] of the experts; 0 outside ``mask``, equal shares if it is empty."""
        unseen = ~or_all(mask)
        return self.logits(hidden, mask).masked_fill(unseen, -torch.inf).softmax(dim=1)

    def forward(self, experts: Posterior, hidden: list[Tensor], mask: Tensor) -> Mixture:
        """Average experts [B, M, D] where ``mask`` [B, M] is true."""
        mean, log_variance = hidden_as_prior(experts, mask)
        weights = self.weights(hidden, mask).unsqueeze(-1)
        variance = (weights * log_variance.exp()).sum(dim=1)
        return Mixture.single(Posterior((weights * mean).sum(dim=1), variance.log()))


class MeanOfMoments(EqualMeanOfMoments):
    """:class:`EqualMeanOfMoments` with learnt weights, the same for all cells; equal at first."""

    def __init__(self, n_latent: int, **options) -> None:
        super().__init__(n_latent, **options)
        self.weight_logits = nn.Parameter(torch.zeros(len(self.widths)))

    def logits(self, hidden: list[Tensor], mask: Tensor) -> Tensor:
        """Return the parameters [M]."""
        return self.weight_logits


class CellMeanOfMoments(EqualMeanOfMoments):
    """:class:`EqualMeanOfMoments` with weights of each cell; equal at first.

    The logit of a modality is a linear map of its encoder's hidden output.
    """

    def __init__(self, n_latent: int, **options) -> None:
        super().__init__(n_latent, **options)
        self.scores = nn.ModuleList(nn.Linear(width, 1) for width in self.widths)
        for parameter in self.scores.parameters():
            nn.init.zeros_(parameter)

    def logits(self, hidden: list[Tensor], mask: Tensor) -> Tensor:
        """One number [B, M] from each hidden output that is seen."""
        seen = (h.masked_fill(~mask[:, m : m + 1], 0) for m, h in enumerate(hidden))
        found = [score(h).float() for score, h in zip(self.scores, seen, strict=True)]
        return torch.cat(found, dim=1)


class Concatenation(Fusion):
    """A linear map of the encoders' hidden outputs, side by side with the mask.

    (μ, λ) = Linear([b_m h_m]_m ⊕ b), λ softly within ±10; means and log-variances have weights of
    their own. One component.

    Parameters
    ----------
    n_latent, widths, derived, prior_expert
        As for all fusions.
    n_shared
        Width of a shared layer LayerNorm(Linear(·)) in front (0: none).
    """

    reads_experts = False

    def __init__(
        self,
        n_latent: int,
        *,
        widths: Sequence[int],
        derived: Sequence[bool],
        prior_expert: bool,
        n_shared: int = 0,
    ) -> None:
        super().__init__(n_latent, widths=widths, derived=derived, prior_expert=prior_expert)
        n_inputs = sum(widths) + len(widths)
        layers = [nn.Linear(n_inputs, n_shared), nn.LayerNorm(n_shared)] if n_shared else []
        self.shared = nn.Sequential(*layers)
        self.head = nn.Linear(n_shared or n_inputs, 2 * n_latent)

    def forward(self, experts: Posterior, hidden: list[Tensor], mask: Tensor) -> Mixture:
        """Fuse ``hidden`` where ``mask`` [B, M] is true; ``experts`` are not used."""
        seen = [h.masked_fill(~mask[:, m : m + 1], 0) for m, h in enumerate(hidden)]
        joined = torch.cat([*seen, mask.to(seen[0].dtype)], dim=1)
        mean, log_variance = self.head(self.shared(joined)).chunk(2, dim=1)
        empty = ~mask.any(dim=1, keepdim=True)
        parts = (part.masked_fill(empty, 0) for part in (mean, bounded(log_variance)))
        return Mixture.single(Posterior(*parts))


FUSIONS = {
    "poe": ProductOfExperts,
    "moe": MixtureOfExperts,
    "mopoe": MixtureOfProducts,
    "mean": MeanOfMoments,
    "mean-equal": EqualMeanOfMoments,
    "mean-cell": CellMeanOfMoments,
    "concat": Concatenation,
}
