"""Fusion of the modalities' posteriors into one."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from multiome2vec.models.gaussian import Posterior


class ProductOfExperts(nn.Module):
    """Product of the present experts' Gaussians and the prior expert N(0, I).

    With precisions τ_m = t_m exp(−λ_m) and masks b_m: σ² = 1 / (1 + Σ b_m τ_m) and
    μ = σ² Σ b_m τ_m μ_m (Wu & Goodman 2018). The tempering t_m is 1 for modalities of their own
    evidence and learnt in (0, 1) for derived ones, which repeat another expert's evidence.

    Parameters
    ----------
    derived
        For each expert, whether its modality is derived from another.
    """

    def __init__(self, derived: Sequence[bool]) -> None:
        super().__init__()
        self.register_buffer("derived", torch.tensor(list(derived)), persistent=False)
        self.tempering_logit = nn.Parameter(torch.zeros(len(derived)))

    @property
    def tempering(self) -> Tensor:
        """Factor t_m of each expert's precision [M]."""
        own = torch.ones_like(self.tempering_logit)
        return torch.where(self.derived, torch.sigmoid(self.tempering_logit), own)

    def forward(self, experts: Posterior, mask: Tensor) -> Posterior:
        """Fuse experts [B, M, D] where ``mask`` [B, M] is true; with none, the prior is left."""
        used = mask.to(experts.mean.dtype) * self.tempering
        precision = used.unsqueeze(-1) * torch.exp(-experts.log_variance)
        total = 1 + precision.sum(dim=1)
        return Posterior((precision * experts.mean).sum(dim=1) / total, -total.log())
