"""Library sizes: how many counts a cell has of a modality."""

import math

import torch
from torch import Tensor, nn

from multiome2vec.errors import UserError
from multiome2vec.models.gaussian import Posterior

LOG_VARIANCE_BOUND = 10.0  # of the posterior, in units of the prior


class LatentLibrary(nn.Module):
    """Library size ℓ as a latent variable: log ℓ ~ N(m, s²) (Lopez et al. 2018).

    m and s are those of the training cells. The posterior is expressed in these units, so that
    an encoder that says nothing gives the prior.

    Parameters
    ----------
    n_inputs
        Width of the encoder's hidden layer.
    """

    def __init__(self, n_inputs: int) -> None:
        super().__init__()
        self.head = nn.Linear(n_inputs, 2)
        self.register_buffer("location", torch.zeros(()))
        self.register_buffer("log_scale", torch.zeros(()))

    def fit(self, mean: float, sd: float) -> None:
        """Take mean and standard deviation of log ℓ over the training cells.

        Raises
        ------
        UserError
            If the standard deviation is not positive: all cells have the same library.
        """
        if not (math.isfinite(mean) and 0 < sd < math.inf):
            raise UserError(
                f"Logarithms of the library sizes have mean {mean:.3g} and standard deviation "
                f"{sd:.3g} over the training cells; a latent library needs sizes that are positive "
                "and differ. Use the observed library."
            )
        self.location.fill_(mean)
        self.log_scale.fill_(math.log(sd))

    def forward(self, hidden: Tensor) -> Posterior:
        """Posterior of log ℓ [B, 1] given an encoder's hidden layer [B, H]."""
        mean, log_variance = self.head(hidden).float().chunk(2, dim=1)
        bounded = LOG_VARIANCE_BOUND * torch.tanh(log_variance / LOG_VARIANCE_BOUND)
        return Posterior(self.location + self.log_scale.exp() * mean, 2 * self.log_scale + bounded)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw libraries ℓ [n, 1] from the prior; the numbers come from the generator's device."""
        noise = torch.randn((n, 1), generator=generator, device=generator.device)
        return (self.location + self.log_scale.exp() * noise.to(self.location)).exp()

    def kl(self, posterior: Posterior) -> Tensor:
        """KL divergence from the prior, ½ [σ²/s² + (μ − m)²/s² − 1 − log σ²/s²] [B]."""
        mean = (posterior.mean - self.location) * torch.exp(-self.log_scale)
        log_variance = posterior.log_variance - 2 * self.log_scale
        return 0.5 * (log_variance.exp() + mean**2 - 1 - log_variance).sum(dim=-1)
