"""The standard normal prior."""

import torch
from torch import Tensor, nn

from multiome2vec.models.gaussian import Mixture, Posterior, kl_standard_by_dimension, log_density
from multiome2vec.models.priors.assigned import Assigned, assign


class StandardNormal(nn.Module):
    """N(0, I).

    Parameters
    ----------
    n_latent
        Dimensions D.
    n_components
        Not used, as there are none; all priors are told.
    """

    def __init__(self, n_latent: int, *, n_components: int = 1) -> None:
        super().__init__()
        self.register_buffer("zeros", torch.zeros(n_latent), persistent=False)

    def forward(self, mixture: Mixture, *, generator: torch.Generator | None = None) -> Assigned:
        """Term ``kl_z``, Σ_s w_s KL(q_s ‖ N(0, I)); the posterior stays as it is."""
        dimensions = kl_standard_by_dimension(mixture.components)
        return assign(mixture, mixture.weights, {"kl_z": dimensions.sum(dim=-1)}, dimensions, None)

    def log_prob(self, z: Tensor) -> Tensor:
        """Log-density [n] of points [n, D]."""
        return log_density(z, Posterior(self.zeros, self.zeros))

    def responsibilities(self, z: Tensor) -> None:
        """Return nothing, as there are no components."""

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw points [n, D]; the random numbers come from the generator's device."""
        shape = (n, len(self.zeros))
        return torch.randn(shape, generator=generator, device=generator.device).to(self.zeros)
