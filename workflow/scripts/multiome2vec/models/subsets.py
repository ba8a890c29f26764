"""Subsets of the modalities that can be seen together."""

from itertools import product

import torch
from torch import Tensor

from multiome2vec.models.config import ModelConfig


def valid_subsets(config: ModelConfig) -> Tensor:
    """Non-empty subsets of the modalities, in which none stands without the one it derives from.

    Returns
    -------
    torch.Tensor
        Boolean, subsets × modalities; the full set is the last.
    """
    names = list(config.modalities)
    subsets = []
    for chosen in product([False, True], repeat=len(names)):
        held = {name for name, used in zip(names, chosen, strict=True) if used}
        needed = {config.modalities[name].derived_from for name in held} - {None}
        if held and needed <= held:
            subsets.append(chosen)
    return torch.tensor(subsets)


def hide(present: Tensor, subset: Tensor) -> Tensor:
    """Restrict ``present`` [B, M] to a subset [M]; cells with nothing of it keep what they have."""
    kept = present & subset
    return torch.where(kept.any(dim=1, keepdim=True), kept, present)


def group_masks(config: ModelConfig, present: Tensor) -> list[Tensor]:
    """For each source of evidence (a measured modality and those derived), where it is [B, M]."""
    masks = []
    for group in config.groups:
        only = torch.zeros_like(present)
        only[:, group] = present[:, group]
        masks.append(only)
    return masks
