"""Priors of the latent variables.

Each turns the fused posterior, a mixture, into :class:`Assigned`: the posterior to draw from, the
terms of the KL divergence, and the responsibilities of its components. Each has ``log_prob``,
``sample`` and ``responsibilities`` of points; those of components also have ``component_means``
[K, D], ``initialise``, ``freeze_weights`` and ``reseed``.
"""

from multiome2vec.models.priors.assigned import Assigned
from multiome2vec.models.priors.gmvae import GMVAE
from multiome2vec.models.priors.mixture import MixturePrior
from multiome2vec.models.priors.standard import StandardNormal
from multiome2vec.models.priors.usage import effective_components, usage_entropy

PRIORS = {
    "standard-normal": StandardNormal,
    "mixture": MixturePrior,
    "gmvae": GMVAE,
}

__all__ = ["PRIORS", "Assigned", "effective_components", "usage_entropy"]
