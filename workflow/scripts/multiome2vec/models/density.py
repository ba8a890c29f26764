"""Gaussian mixtures with diagonal covariance, as densities of their own or as priors."""

import math

import numpy as np
import torch
from sklearn import mixture as sklearn_mixture
from torch import Tensor, nn
from torch.nn import functional

from multiome2vec.errors import UserError
from multiome2vec.models.gaussian import Posterior, log_density

#: smallest variance of a component in any dimension
VARIANCE_FLOOR = 1e-4
#: smallest weight of a component at the start
WEIGHT_FLOOR = 1e-6
#: starts of the EM algorithm, of which the likeliest end is taken
STARTS = 5


def inverse_softplus(values: Tensor) -> Tensor:
    """Values whose softplus is ``values`` > 0: y + log(1 − e^{−y})."""
    return values + torch.log(-torch.expm1(-values))


def initial_mixture(
    means: Tensor, n_components: int, seed: int, *, variances: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Gaussian mixture of points, by scikit-learn's EM from K-means.

    Parameters
    ----------
    means
        [N, D], points (of cells: the means of their joint posteriors).
    n_components
        K.
    seed
        Of the K-means starts.
    variances
        [N, D] of the posteriors. A component is to hold posteriors, not their means alone, so its
        variance is that of its means plus the mean variance of its posteriors; without them, the
        widest component is the nearest to every posterior that is wider than its cluster.

    Returns
    -------
    tuple
        Means [K, D], variances [K, D] and weights [K], float32.

    Raises
    ------
    UserError
        If there are fewer points than components, or points that are not finite.
    """
    if len(means) < n_components:
        raise UserError(
            f"{n_components} mixture components for {len(means)} cells: ask for fewer components"
        )
    if not torch.isfinite(means).all():
        raise UserError(
            "Latent means are not finite, so that no mixture can start from them: "
            "the training before diverged; lower the learning rate"
        )
    fitted = sklearn_mixture.GaussianMixture(
        n_components,
        covariance_type="diag",
        reg_covar=VARIANCE_FLOOR,
        n_init=STARTS,
        random_state=seed,
    )
    points = means.detach().cpu().double().numpy()
    spread = fitted.fit(points).covariances_
    if variances is not None:
        shares = fitted.predict_proba(points)
        inner = shares.T @ variances.detach().cpu().double().numpy()
        spread = spread + inner / np.maximum(shares.sum(axis=0), WEIGHT_FLOOR)[:, None]
    parts = (fitted.means_, spread, fitted.weights_)
    return tuple(torch.as_tensor(part, dtype=torch.float32, device=means.device) for part in parts)


class GaussianMixture(nn.Module):
    """Σ_c π_c N(μ_c, diag s_c), with π = softmax(logits) and s = softplus(·) + 1e-4.

    The weights are normalised and the variances positive whatever the parameters are. Means start
    apart from each other, as equal components would stay equal.

    Parameters
    ----------
    n_features
        Dimensions D.
    n_components
        K.
    """

    def __init__(self, n_features: int, *, n_components: int) -> None:
        super().__init__()
        self.n_components = n_components
        self.logits = nn.Parameter(torch.zeros(n_components))
        self.component_means = nn.Parameter(torch.randn(n_components, n_features))
        start = inverse_softplus(torch.ones(n_components, n_features) - VARIANCE_FLOOR)
        self.raw_variances = nn.Parameter(start)
        self.register_buffer("uniform", torch.tensor(False))

    @classmethod
    def fit(cls, x: Tensor, n_components: int, seed: int) -> "GaussianMixture":
        """Fit to points [N, D], see :func:`initial_mixture`."""
        mixture = cls(x.shape[1], n_components=n_components).to(x.device)
        mixture.initialise(*initial_mixture(x, n_components, seed))
        return mixture

    @property
    def log_weights(self) -> Tensor:
        """Normalised log π [K]; all −log K while the weights are frozen."""
        return functional.log_softmax(self.logits.masked_fill(self.uniform, 0), dim=0)

    @property
    def variances(self) -> Tensor:
        """Variances s [K, D], not their logarithms."""
        return functional.softplus(self.raw_variances) + VARIANCE_FLOOR

    @property
    def components(self) -> Posterior:
        """Components N(μ_c, diag s_c) [K, D]."""
        return Posterior(self.component_means, self.variances.log())

    def log_joint(self, z: Tensor) -> Tensor:
        """Return log π_c + log N(z; μ_c, s_c) of points [n, D] and components [n, K]."""
        return self.log_weights + log_density(z.unsqueeze(-2), self.components)

    def log_prob(self, z: Tensor) -> Tensor:
        """Log-density of points [n, D]: logsumexp over the components [n]."""
        return self.log_joint(z).logsumexp(dim=-1)

    def responsibilities(self, z: Tensor) -> Tensor:
        """Probability of each component given points [n, D]; rows [n, K] sum to 1."""
        return self.log_joint(z).softmax(dim=-1)

    @torch.no_grad()
    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw points [n, D]; the random numbers come from the generator's device."""
        weights = self.log_weights.exp().to(generator.device)
        drawn = torch.multinomial(weights, n, replacement=True, generator=generator)
        mean, log_variance = (part[drawn.to(part.device)] for part in self.components)
        noise = torch.randn(mean.shape, generator=generator, device=generator.device)
        return Posterior(mean, log_variance).sample(noise.to(mean))

    @torch.no_grad()
    def initialise(self, means: Tensor, variances: Tensor, weights: Tensor) -> None:
        """Start at given means [K, D], variances [K, D] and weights [K].

        Raises
        ------
        ValueError
            If a shape is another.
        """
        shapes = (self.component_means.shape, self.raw_variances.shape, self.logits.shape)
        given = (means.shape, variances.shape, weights.shape)
        if given != shapes:
            raise ValueError(f"Means, variances and weights of shapes {given}, not {shapes}")
        self.component_means.copy_(means)
        self.raw_variances.copy_(raw(variances))
        self.logits.copy_(weights.clamp(min=WEIGHT_FLOOR).log())

    def freeze_weights(self, frozen: bool) -> None:
        """Hold the weights uniform, without gradient, or let go of them."""
        self.uniform.fill_(frozen)

    @torch.no_grad()
    def reseed(self, component: int, mean: Tensor, variance: Tensor) -> None:
        """Move a dead component to a mean [D] and variance [D], with a weight of 1/K."""
        self.component_means[component] = mean
        self.raw_variances[component] = raw(variance)
        others = torch.arange(self.n_components, device=self.logits.device) != component
        if others.any():
            total = self.logits[others].logsumexp(dim=0)
            self.logits[component] = total - math.log(self.n_components - 1)


def raw(variances: Tensor) -> Tensor:
    """Parameters that give ``variances``, or the smallest possible where they are below."""
    return inverse_softplus((variances - VARIANCE_FLOOR).clamp(min=VARIANCE_FLOOR / 100))
