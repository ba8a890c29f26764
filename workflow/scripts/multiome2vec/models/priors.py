"""Priors of the latent variables."""

from torch import Tensor, nn

from multiome2vec.models.gaussian import Posterior


class StandardNormal(nn.Module):
    """N(0, I)."""

    def kl(self, posterior: Posterior) -> Tensor:
        """KL divergence of the posterior from the prior, ½ Σ_d (σ² + μ² − 1 − log σ²) [B]."""
        mean, log_variance = posterior
        return 0.5 * (log_variance.exp() + mean**2 - 1 - log_variance).sum(dim=-1)
