"""How evenly the components of a prior are used."""

from torch import Tensor, finfo


def entropy(probabilities: Tensor) -> Tensor:
    """Entropy of distributions [..., K] in nats [...], with a finite gradient at 0."""
    smallest = finfo(probabilities.dtype).tiny
    return -(probabilities * probabilities.clamp(min=smallest).log()).sum(dim=-1)


def usage_entropy(responsibilities: Tensor) -> Tensor:
    """Entropy H(ḡ) of the mean ḡ of responsibilities [B, K], in nats, 0 to log K.

    To be *maximised*: an objective takes it off, −ρ H(ḡ), so that components stay in use.
    """
    return entropy(responsibilities.mean(dim=0))


def effective_components(mean_responsibilities: Tensor) -> Tensor:
    """Effective number of components exp(H(ḡ)), 1 to K, of mean responsibilities ḡ [K]."""
    return entropy(mean_responsibilities).exp()
