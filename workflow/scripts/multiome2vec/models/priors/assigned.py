"""What a prior says about the posterior of some cells."""

from typing import NamedTuple

from torch import Tensor

from multiome2vec.models.gaussian import Mixture


class Assigned(NamedTuple):
    """Posterior under a prior.

    With a posterior of S components, each value is the weighted sum of the components' ones. The
    sum of their KL divergences bounds that of the mixture from above, as the KL is convex.
    """

    mixture: Mixture  # the posterior to draw from
    kl: dict[str, Tensor]  # terms [B] in nats; their sum is the KL divergence
    dimensions: Tensor  # [B, D], the part of each latent dimension in kl["kl_z"]
    responsibilities: Tensor | None  # [B, K], rows sum to 1; None without components


def assign(
    posterior: Mixture,
    weights: Tensor,
    kl: dict[str, Tensor],
    dimensions: Tensor,
    responsibilities: Tensor | None,
) -> Assigned:
    """Sum terms [B, S], dimensions [B, S, D] and responsibilities [B, S, K] by weights [B, S]."""
    terms = {name: (weights * term).sum(dim=1) for name, term in kl.items()}
    dimensions = (weights.unsqueeze(-1) * dimensions).sum(dim=1)
    if responsibilities is not None:
        responsibilities = (weights.unsqueeze(-1) * responsibilities).sum(dim=1)
    return Assigned(posterior, terms, dimensions, responsibilities)
