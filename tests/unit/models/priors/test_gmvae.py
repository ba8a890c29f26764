import pytest
import torch
from multiome2vec.errors import UserError
from multiome2vec.models.gaussian import Mixture, Posterior
from multiome2vec.models.priors import PRIORS
from torch import nn
from torch.distributions import Normal, kl_divergence

D, K, CELLS = 3, 4, 6


def prior(seed=0, **options):
    """GMVAE whose heads and classifier are not at their start."""
    torch.manual_seed(seed)
    made = PRIORS["gmvae"](D, n_components=K, width=8, **options)
    made.initialise(2 * torch.randn(K, D), torch.rand(K, D) + 0.2, torch.rand(K))
    for layer in (made.classifier.mlp[-1].weight, made.heads.mlp[-1].weight, made.heads.constant):
        nn.init.normal_(layer, std=0.3)
    return made


def posterior(cells=CELLS, seed=1):
    generator = torch.Generator().manual_seed(seed)
    mean, log_variance = (torch.randn(cells, D, generator=generator) for _ in range(2))
    return Posterior(mean, log_variance - 1)


def reconstruction(z):
    """Some cost of decoding [..., D] to [...]."""
    return ((z - 1) ** 2).sum(dim=-1)


def loss(assigned):
    """Objective as a trainer has it, at the branches' means [B]."""
    cost = reconstruction(assigned.mixture.components.mean)
    kl = assigned.kl["kl_z"] + assigned.kl["kl_c"]
    return (assigned.mixture.weights * cost).sum(dim=1) + kl


@torch.no_grad()
def brute_force(made, q):
    """Σ_c q(c) [cost + KL(q(z | c) ‖ p(z | c)) + log q(c) − log π_c], a component at a time."""
    share = made.classifier(q.mean).softmax(dim=1)
    branches = made.heads(q)
    total = torch.zeros(len(q.mean))
    for c in range(K):
        mean, log_variance = branches.mean[:, c], branches.log_variance[:, c]
        kl = kl_divergence(
            Normal(mean, (0.5 * log_variance).exp()),
            Normal(made.component_means[c], made.variances[c].sqrt()),
        ).sum(dim=1)
        each = reconstruction(mean) + kl + share[:, c].log() - made.log_weights[c]
        total += share[:, c] * each
    return total


@pytest.mark.parametrize("heads", ["select", "additive"])
def test_exact_is_the_sum_over_the_components(heads):
    made, q = prior(heads=heads), posterior()
    assigned = made(Mixture.single(q))
    assert assigned.mixture.weights.shape == (CELLS, K)
    torch.testing.assert_close(loss(assigned).detach(), brute_force(made, q))
    torch.testing.assert_close(assigned.mixture.weights, assigned.responsibilities)
    torch.testing.assert_close(assigned.responsibilities.sum(dim=1), torch.ones(CELLS))


def test_several_fused_components_are_weighted():
    made, one, two = prior(), posterior(seed=3), posterior(seed=4)
    parts = Posterior(*(torch.stack(pair, dim=1) for pair in zip(one, two, strict=True)))
    both = made(Mixture(torch.tensor([[0.3, 0.7]]).expand(CELLS, 2), parts))
    assert both.mixture.weights.shape == (CELLS, 2 * K)
    torch.testing.assert_close(both.mixture.weights.sum(dim=1), torch.ones(CELLS))
    expected = 0.3 * loss(made(Mixture.single(one))) + 0.7 * loss(made(Mixture.single(two)))
    torch.testing.assert_close(loss(both), expected)


class Optimal(nn.Module):
    """The classifier that gives the lowest loss, log π_c − cost_c − KL_c, up to a constant."""

    def __init__(self, made):
        super().__init__()
        self.made = [made]

    def forward(self, mean):
        made = self.made[0]
        branches = made.heads(Posterior(mean, posterior().log_variance.unsqueeze(1)))
        kl = kl_divergence(
            Normal(branches.mean, (0.5 * branches.log_variance).exp()),
            Normal(made.component_means, made.variances.sqrt()),
        ).sum(dim=-1)
        return made.log_weights - reconstruction(branches.mean) - kl


@torch.no_grad()
def test_exact_is_below_the_other_bounds():
    q = Mixture.single(posterior())
    losses = {}
    for name in ("exact", "argmax", "gumbel"):
        made = prior(enumerate=name)
        made.classifier = Optimal(made)
        generator = torch.Generator().manual_seed(0)
        losses[name] = torch.stack([loss(made(q, generator=generator)) for _ in range(4000)])
    made = prior()
    exact = -Optimal(made)(posterior().mean[:, None]).logsumexp(dim=-1)[:, 0]
    torch.testing.assert_close(losses["exact"][0], exact)
    assert (losses["argmax"][0] >= losses["exact"][0] - 1e-5).all()
    mean, error = losses["gumbel"].mean(dim=0), losses["gumbel"].std(dim=0) / 4000**0.5
    assert ((mean - losses["exact"][0]).abs() < 5 * error + 1e-4).all()


@pytest.mark.parametrize("name", ["argmax", "gumbel"])
def test_one_branch_is_a_branch_and_passes_gradients_to_the_classifier(name):
    made, q = prior(enumerate=name), posterior()
    assigned = made(Mixture.single(q), generator=torch.Generator().manual_seed(0))
    assert assigned.mixture.weights.shape == (CELLS, 1)
    branches = made.heads(q)
    distance = (branches.mean - assigned.mixture.components.mean).abs().sum(dim=-1)
    torch.testing.assert_close(distance.min(dim=1).values, torch.zeros(CELLS), atol=1e-6, rtol=0)
    if name == "argmax":
        assert torch.equal(distance.argmin(dim=1), assigned.responsibilities.argmax(dim=1))
    reconstruction(assigned.mixture.components.mean).sum().backward()
    assert made.classifier.linear.weight.grad.any()


def test_draws_are_fixed_by_the_generator_and_without_one_all_branches_are_taken():
    made, q = prior(enumerate="gumbel"), Mixture.single(posterior(cells=50))
    first, second, third = (
        made(q, generator=torch.Generator().manual_seed(seed)).mixture.components.mean
        for seed in (0, 0, 1)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, third)
    exact = prior()(q)
    torch.testing.assert_close(made(q).mixture.weights, exact.mixture.weights)


def test_fault_components_are_not_averaged_before_decoding():
    """A mean of the parameters lies between two components, where no branch is."""
    made = prior()
    assigned = made(Mixture.single(posterior()))
    branches = made.heads(posterior())
    torch.testing.assert_close(assigned.mixture.components.mean, branches.mean)
    spread = (assigned.mixture.weights.unsqueeze(-1) * branches.log_variance.exp()).sum(dim=1)
    assert (assigned.mixture.variance > spread - 1e-5).all()


def clusters(seed=0):
    """Posterior of 200 cells in K separated clusters, and the cells' clusters."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(K, (200,), generator=generator)
    centres = 6 * torch.randn(K, D, generator=generator)
    mean = centres[labels] + 0.5 * torch.randn(200, D, generator=generator)
    return Posterior(mean, torch.full((200, D), -2.0)), labels


def same_partition(found, labels):
    return len({(int(a), int(b)) for a, b in zip(found, labels, strict=True)}) == K


@pytest.mark.parametrize("heads", ["select", "additive"])
@torch.no_grad()
def test_fault_start_in_another_space(heads):
    """Means from one latent and an encoder of another: classes and branches start in the joint."""
    q, labels = clusters()
    made = prior(heads=heads)
    fitted = PRIORS["mixture"].fit(q.mean, K, seed=0)
    made.initialise(fitted.component_means, fitted.variances, fitted.log_weights.exp())
    assigned = made(Mixture.single(q))
    assert same_partition(assigned.responsibilities.argmax(dim=1), labels)
    for branch, fused in zip(assigned.mixture.components, q, strict=True):
        torch.testing.assert_close(branch, fused.unsqueeze(1).expand(200, K, D))
    best = fitted(Mixture.single(q))
    assert (loss(assigned) - loss(best)).mean() < 0.5


@pytest.mark.parametrize("heads", ["select", "additive"])
@torch.no_grad()
def test_a_reseeded_component_takes_cells_again(heads):
    q, labels = clusters()
    fitted = PRIORS["mixture"].fit(q.mean, K, seed=0)
    made = prior(heads=heads)
    made.initialise(fitted.component_means, fitted.variances, fitted.log_weights.exp())
    dead = int(made(Mixture.single(q)).responsibilities[0].argmax())
    made.classifier.linear.bias[dead] = -1e6
    made.component_means[dead] = 1e3
    made.heads.constant[:] = 0.5
    own = labels == labels[0]
    assert made(Mixture.single(q)).responsibilities[own, dead].max() < 0.01
    made.reseed(dead, q.mean[own].mean(dim=0), q.mean[own].var(dim=0))
    assert made(Mixture.single(q)).responsibilities[own, dead].min() > 0.9
    assert not made.heads.constant[dead].any()
    assert made.heads.constant[dead - 1].all()


def test_all_parameters_are_trained():
    for heads in ("select", "additive"):
        made = prior(heads=heads)
        loss(made(Mixture.single(posterior()))).sum().backward()
        for name, parameter in made.named_parameters():
            assert parameter.grad.any(), name
            assert torch.isfinite(parameter.grad).all(), name


def test_options_that_are_none_are_refused():
    with pytest.raises(UserError, match="'soft' is no option.*exact, argmax, gumbel"):
        PRIORS["gmvae"](D, n_components=K, enumerate="soft")
    with pytest.raises(UserError, match="select, additive"):
        PRIORS["gmvae"](D, n_components=K, heads="sum")
