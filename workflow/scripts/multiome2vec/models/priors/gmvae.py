"""Gaussian mixture prior with a classifier and a posterior per component (GMVAE)."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from multiome2vec.errors import UserError
from multiome2vec.models.density import GaussianMixture
from multiome2vec.models.gaussian import Mixture, Posterior, bounded, kl_by_dimension
from multiome2vec.models.priors.assigned import Assigned, assign

HEADS = ("select", "additive")
ENUMERATIONS = ("exact", "argmax", "gumbel")
ALL = slice(None)


def late_mlp(n_inputs: int, width: int, n_outputs: int) -> nn.Sequential:
    """Perceptron of one hidden layer whose output starts at 0; its last layer has no constant."""
    last = nn.Linear(width, n_outputs, bias=False)
    nn.init.zeros_(last.weight)
    return nn.Sequential(nn.Linear(n_inputs, width), nn.ReLU(), last)


class Classifier(nn.Module):
    """Logits of the components: a linear map of the posterior's mean and a perceptron beside it.

    The linear part can be aimed at given components, so that classes start where clusters are.
    """

    def __init__(self, n_latent: int, n_components: int, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(n_latent, n_components)
        self.mlp = late_mlp(n_latent, width, n_components)

    def forward(self, mean: Tensor) -> Tensor:
        """[..., D] to [..., K]."""
        return self.linear(mean) + self.mlp(mean)

    @torch.no_grad()
    def aim(self, mixture: GaussianMixture, which: int | slice) -> None:
        """Set components to the discriminant of a mixture whose components share one variance.

        With s the mean variance: logit_c = Σ_d μ_c z / s − ½ Σ_d μ_c² / s + log π_c.
        """
        log_weights, means = mixture.log_weights, mixture.component_means
        scaled = means / (log_weights.exp().unsqueeze(1) * mixture.variances).sum(dim=0)
        self.linear.weight[which] = scaled[which]
        self.linear.bias[which] = (log_weights - 0.5 * (means * scaled).sum(dim=1))[which]
        self.mlp[-1].weight[which] = 0


class Heads(nn.Module):
    """Posterior of each component, q(z | x, c), from the fused posterior.

    The fused posterior, moved by a shift of mean and log-variance (softly within ±10) that starts
    at 0: components are in the space of the fused posterior from the start.

    Parameters
    ----------
    n_latent, n_components, width
        D, K and the width of the hidden layer.
    kind
        ``select``: each component has a shift of its own; ``additive``: all share the part that
        depends on the cell and have a constant of their own.
    """

    def __init__(self, n_latent: int, n_components: int, width: int, *, kind: str) -> None:
        super().__init__()
        self.select = kind == "select"
        n_shifts = n_components if self.select else 1
        self.mlp = late_mlp(2 * n_latent, width, n_shifts * 2 * n_latent)
        self.constant = nn.Parameter(torch.zeros(n_components, 2 * n_latent))

    def forward(self, fused: Posterior) -> Posterior:
        """[..., D] to [..., K, D]."""
        shift = self.mlp(torch.cat(fused, dim=-1))
        shift = shift.unflatten(-1, (-1, self.constant.shape[1])) + self.constant
        mean, log_variance = shift.chunk(2, dim=-1)
        return Posterior(
            fused.mean.unsqueeze(-2) + mean,
            fused.log_variance.unsqueeze(-2) + bounded(log_variance),
        )

    @torch.no_grad()
    def reset(self, which: int | slice) -> None:
        """Move components back to the fused posterior, one to the shift that all share if any."""
        self.constant[which] = 0
        if which == ALL:
            self.mlp[-1].weight.zero_()
        elif self.select:
            self.mlp[-1].weight.unflatten(0, (len(self.constant), -1))[which] = 0


class GMVAE(GaussianMixture):
    """p(c) = π, p(z | c) = N(μ_c, diag s_c), with networks for q(c | x) and q(z | x, c).

    The loss Σ_c q(c | x) [−log p(x | z_c) + KL(q(z | x, c) ‖ p(z | c))] + KL(q(c | x) ‖ π)
    (Dilokthanakul et al. 2016) is taken over all components, each decoded on its own, or over one.
    With a fused posterior of S components, each of them is treated so.

    Parameters
    ----------
    n_latent
        Dimensions D.
    n_components
        K.
    heads
        ``select`` or ``additive``, see :class:`Heads`.
    enumerate
        ``exact``: K branches of weights q(c | x). ``argmax``: the likeliest branch, as if q(c | x)
        were certain, so that ``kl_c`` is −log π_c. ``gumbel``: one branch drawn from q(c | x), or
        ``exact`` if no generator is given. One branch passes gradients to q(c | x) straight
        through (Jang et al. 2017).
    width
        Hidden units of the networks.
    temperature
        Of the soft choice whose gradient is passed through.
    """

    def __init__(
        self,
        n_latent: int,
        *,
        n_components: int,
        heads: str = "select",
        enumerate: str = "exact",
        width: int = 128,
        temperature: float = 1.0,
    ) -> None:
        super().__init__(n_latent, n_components=n_components)
        for value, known in ((heads, HEADS), (enumerate, ENUMERATIONS)):
            if value not in known:
                raise UserError(f"{value!r} is no option of the prior gmvae: {', '.join(known)}")
        self.enumerate, self.temperature = enumerate, temperature
        self.classifier = Classifier(n_latent, n_components, width)
        self.heads = Heads(n_latent, n_components, width, kind=heads)

    def forward(self, mixture: Mixture, *, generator: torch.Generator | None = None) -> Assigned:
        """Branches to decode, terms ``kl_z`` and ``kl_c``, and q(c | x)."""
        weights, fused = mixture
        log_q = functional.log_softmax(self.classifier(fused.mean), dim=-1)  # [B, S, K]
        branches = self.heads(fused)  # [B, S, K, D]
        choice = self.choose(log_q, generator)
        if choice is None:
            share = log_q.exp()
            flat = Posterior(*(part.flatten(1, 2) for part in branches))
            posterior = Mixture((weights.unsqueeze(-1) * share).flatten(1), flat)
        else:
            share = choice
            chosen = Posterior(*((share.unsqueeze(-1) * part).sum(dim=2) for part in branches))
            posterior = Mixture(weights, chosen)
        dimensions = kl_by_dimension(branches, self.components)
        kl = {
            "kl_z": (share * dimensions.sum(dim=-1)).sum(dim=-1),
            "kl_c": self.class_divergence(log_q, share),
        }
        dimensions = (share.unsqueeze(-1) * dimensions).sum(dim=2)
        return assign(posterior, weights, kl, dimensions, log_q.exp())

    def choose(self, log_q: Tensor, generator: torch.Generator | None) -> Tensor | None:
        """One-hot choices [B, S, K] with the gradient of soft ones; nothing if all are taken."""
        if self.enumerate == "exact" or (self.enumerate == "gumbel" and generator is None):
            return None
        scores = log_q
        if self.enumerate == "gumbel":
            noise = torch.empty(log_q.shape, device=generator.device).exponential_(
                generator=generator
            )
            scores = log_q - noise.log().to(log_q)
        soft = (scores / self.temperature).softmax(dim=-1)
        hard = functional.one_hot(scores.argmax(dim=-1), self.n_components).to(soft.dtype)
        return hard + (soft - soft.detach())

    def class_divergence(self, log_q: Tensor, share: Tensor) -> Tensor:
        """KL(q(c | x) ‖ π) [B, S], of the certain choice if the likeliest is taken."""
        if self.enumerate == "argmax":
            return -(share * self.log_weights).sum(dim=-1)
        return (log_q.exp() * (log_q - self.log_weights)).sum(dim=-1)

    def initialise(self, means: Tensor, variances: Tensor, weights: Tensor) -> None:
        """Start at a mixture of the fused posterior's means: prior, classes and branches."""
        super().initialise(means, variances, weights)
        self.classifier.aim(self, ALL)
        self.heads.reset(ALL)

    def reseed(self, component: int, mean: Tensor, variance: Tensor) -> None:
        """Move a dead component, with its class and its branch."""
        super().reseed(component, mean, variance)
        self.classifier.aim(self, component)
        self.heads.reset(component)
