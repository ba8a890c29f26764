import math

import pytest
import torch
from multiome2vec.models.gaussian import Mixture, Posterior
from multiome2vec.models.priors import PRIORS
from torch.distributions import Categorical, Independent, Normal


def prior(dimensions=3, components=4, seed=0):
    torch.manual_seed(seed)
    made = PRIORS["mixture"](dimensions, n_components=components)
    variances = torch.rand(components, dimensions) + 0.2
    made.initialise(2 * torch.randn(components, dimensions), variances, torch.rand(components))
    return made


def posterior(cells=5, dimensions=3, seed=1):
    generator = torch.Generator().manual_seed(seed)
    mean, log_variance = (torch.randn(cells, dimensions, generator=generator) for _ in range(2))
    return Posterior(mean, log_variance - 1)


@torch.no_grad()
def test_kl_agrees_with_monte_carlo():
    """KL of q(z) γ(c) from p(z, c); it bounds the KL of q(z) from p(z)."""
    made, q = prior(), posterior()
    assigned = made(Mixture.single(q))
    gamma = assigned.responsibilities
    torch.manual_seed(2)
    normal = Independent(Normal(q.mean, (0.5 * q.log_variance).exp()), 1)
    z = normal.sample((400_000,))
    parts = Independent(Normal(made.component_means, made.variances.sqrt()), 1)
    log_p = torch.stack([part_log_prob(parts, z, c) for c in range(4)], dim=-1)
    entropy = normal.log_prob(z).mean(dim=0)
    kl_z = entropy - (gamma * log_p.mean(dim=0)).sum(dim=1)
    torch.testing.assert_close(assigned.kl["kl_z"], kl_z, atol=1e-2, rtol=1e-3)
    weights = Categorical(logits=made.logits)
    kl_c = -Categorical(probs=gamma).entropy() - (gamma * weights.logits).sum(dim=1)
    torch.testing.assert_close(assigned.kl["kl_c"], kl_c, atol=1e-5, rtol=1e-5)
    total = assigned.kl["kl_z"] + assigned.kl["kl_c"]
    assert (total >= entropy - made.log_prob(z).mean(dim=0) - 1e-2).all()


def part_log_prob(parts, z, c):
    return Independent(Normal(parts.base_dist.mean[c], parts.base_dist.stddev[c]), 1).log_prob(z)


@torch.no_grad()
def test_kl_is_never_negative_and_the_least_of_all_responsibilities():
    for seed in range(20):
        made = prior(seed=seed)
        q = posterior(cells=50, seed=seed)
        kl = made(Mixture.single(q)).kl
        assert (kl["kl_z"] >= 0).all()
        assert (kl["kl_c"] >= -1e-6).all()
        normal = Normal(q.mean[:, None], (0.5 * q.log_variance[:, None]).exp())
        each = torch.distributions.kl_divergence(
            normal, Normal(made.component_means, made.variances.sqrt())
        ).sum(dim=-1)
        other = torch.rand(50, 4).softmax(dim=1)
        bound = (other * (each + other.log() - made.log_weights)).sum(dim=1)
        assert (kl["kl_z"] + kl["kl_c"] <= bound + 1e-5).all()


@torch.no_grad()
def test_terms_are_the_formulas_of_the_paper():
    """½ Σ γ Σ_d [log s + (v + (μ − μ_c)²)/s] − ½ Σ_d (1 + log v) and Σ γ (log γ − log π)."""
    made, q = prior(), posterior()
    assigned = made(Mixture.single(q))
    s, v, pi = made.variances, q.log_variance.exp()[:, None], made.log_weights.exp()
    inside = (s.log() + (v + (q.mean[:, None] - made.component_means) ** 2) / s).sum(dim=-1)
    gamma = (pi.log() - 0.5 * inside).softmax(dim=1)
    torch.testing.assert_close(assigned.responsibilities, gamma)
    kl_z = 0.5 * (gamma * inside).sum(dim=1) - 0.5 * (1 + q.log_variance).sum(dim=1)
    torch.testing.assert_close(assigned.kl["kl_z"], kl_z)
    kl_c = (gamma * (gamma.log() - pi.log())).sum(dim=1)
    torch.testing.assert_close(assigned.kl["kl_c"], kl_c, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_a_posterior_of_several_components_is_the_weighted_sum():
    made, one, two = prior(), posterior(seed=3), posterior(seed=4)
    parts = Posterior(*(torch.stack(pair, dim=1) for pair in zip(one, two, strict=True)))
    both = made(Mixture(torch.tensor([[0.3, 0.7]]).expand(5, 2), parts))
    first, second = made(Mixture.single(one)), made(Mixture.single(two))
    for name in ("kl_z", "kl_c"):
        torch.testing.assert_close(
            both.kl[name], 0.3 * first.kl[name] + 0.7 * second.kl[name], atol=1e-5, rtol=1e-5
        )
    expected = 0.3 * first.responsibilities + 0.7 * second.responsibilities
    torch.testing.assert_close(both.responsibilities, expected)


def separated(dimensions=20, components=8, seed=0):
    """Prior of separated components and a posterior on each of them."""
    generator = torch.Generator().manual_seed(seed)
    means = 3 * torch.randn(components, dimensions, generator=generator)
    made = PRIORS["mixture"](dimensions, n_components=components)
    ones = torch.ones(components, dimensions)
    made.initialise(means, ones, torch.ones(components) / components)
    shift = torch.randn(components, dimensions, generator=generator)
    return made, Posterior(means + shift, torch.full_like(means, -2.0))


def entropy(gamma):
    return torch.special.entr(gamma).sum(dim=1).mean()


@torch.no_grad()
def test_fault_responsibilities_underflow_in_many_dimensions():
    """Adding 1e-10 to densities of 20 dimensions made γ uniform: an entropy of log 8."""
    made, q = separated()
    floored = made.log_joint(q.mean).exp() + 1e-10
    floored = floored / floored.sum(dim=1, keepdim=True)
    assert float(entropy(floored)) == pytest.approx(math.log(8), abs=0.01)
    gamma = made(Mixture.single(q)).responsibilities
    assert float(entropy(gamma)) < 0.1
    assert torch.equal(gamma.argmax(dim=1), torch.arange(8))
    assert float(entropy(made.responsibilities(q.mean))) < 0.1


@torch.no_grad()
def test_fault_variance_and_log_variance_confused():
    """The KL of a component from itself is 0 only if s is a variance and λ its logarithm."""
    made = prior(components=1)
    itself = Posterior(made.component_means, made.variances.log())
    kl = made(Mixture.single(itself)).kl
    torch.testing.assert_close(kl["kl_z"], torch.zeros(1), atol=1e-6, rtol=0)
    confused = Posterior(made.component_means, made.variances)
    assert float(made(Mixture.single(confused)).kl["kl_z"]) > 0.01


def test_fault_unnormalised_weights_make_no_negative_cost():
    """−log p(c) stays ≥ 0 although training would gladly drive it below."""
    made, q = prior(), posterior()
    optimiser = torch.optim.SGD(made.parameters(), lr=1.0)
    for _ in range(30):
        loss = made(Mixture.single(q)).kl["kl_c"].mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert (-made.log_weights >= 0).all()
    assert float(loss.detach()) >= -1e-6


def gradients(made, q):
    kl = made(Mixture.single(q)).kl
    (kl["kl_z"] + kl["kl_c"]).mean().backward()
    return made.component_means.grad


def test_fault_symmetric_start_is_broken_by_initialise():
    """Means of 0 and variances of 1 give every component the same gradient: they never part."""
    q = posterior(cells=60)
    made = PRIORS["mixture"](3, n_components=4)
    made.initialise(torch.zeros(4, 3), torch.ones(4, 3), torch.ones(4) / 4)
    same = gradients(made, q)
    torch.testing.assert_close(same, same[:1].expand(4, 3))
    fitted = PRIORS["mixture"].fit(q.mean, 4, seed=0)
    apart = gradients(fitted, q)
    assert torch.pdist(apart).min() > 1e-3
    assert torch.pdist(PRIORS["mixture"](3, n_components=4).component_means).min() > 0


def test_extreme_posteriors_have_finite_gradients():
    made, _ = separated()
    far = torch.full((2, 20), 100.0).requires_grad_()
    kl = made(Mixture.single(Posterior(far, torch.full((2, 20), 10.0)))).kl
    (kl["kl_z"] + kl["kl_c"]).sum().backward()
    assert torch.isfinite(far.grad).all()
    assert all(torch.isfinite(p.grad).all() for p in made.parameters())
