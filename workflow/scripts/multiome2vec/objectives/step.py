"""What the terms of an objective share in one training step."""

from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from multiome2vec.models.batch import Batch
from multiome2vec.models.gaussian import Posterior
from multiome2vec.models.multimodal import Evidence, MultimodalVAE
from multiome2vec.models.subsets import group_masks
from multiome2vec.objectives.elbo import Draws
from multiome2vec.objectives.spec import ObjectiveSpec


@dataclass
class Step:
    """One batch under way.

    Attributes
    ----------
    model, spec
        The model and the objective's settings.
    batch
        What is reconstructed.
    seen
        What the encoders see: ``batch``, or a masked version of it.
    evidence
        What they say.
    draws
        Joint posterior and draws.
    weights
        Weight of every term of the objective at this time.
    generator
        Random numbers.
    chances
        By name of a contrastive term: what it is if all cells look alike, in nats.
    """

    model: MultimodalVAE
    spec: ObjectiveSpec
    batch: Batch
    seen: Batch
    evidence: Evidence
    draws: Draws
    weights: dict[str, float]
    generator: torch.Generator
    chances: dict[str, float] = field(default_factory=dict)

    @property
    def joint(self) -> Posterior:
        """Moments of the joint posterior [B, D]."""
        return self.draws.assigned.mixture.moments()

    @cached_property
    def sources(self) -> list[tuple[Tensor, Posterior]]:
        """For each source of evidence its mask [B, M] and the posterior [B, D] given it alone."""
        masks = group_masks(self.model.config, self.batch.present)
        return [(mask, self.model.fuse(self.evidence, mask).moments()) for mask in masks]


def mean_over(values: Tensor, cells: Tensor) -> Tensor:
    """Mean of ``values`` [B] over the cells [B] that count; 0 if there are none."""
    return torch.where(cells, values, 0).sum() / cells.sum().clamp(min=1)
