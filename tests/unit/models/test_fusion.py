import numpy as np
import pytest
import torch
from multiome2vec.models.fusion import FUSIONS, nonempty_subsets
from multiome2vec.models.gaussian import Posterior
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

CELLS, M, D = 4, 3, 2
WIDTHS = (5, 4, 3)


def build(name, *, derived=(False,) * M, prior_expert=True, **options):
    torch.manual_seed(0)
    return FUSIONS[name](D, widths=WIDTHS, derived=derived, prior_expert=prior_expert, **options)


def everything():
    return torch.ones(CELLS, M, dtype=torch.bool)


def single(mixture):
    assert torch.equal(mixture.weights, torch.ones(CELLS, 1))
    return Posterior(*(part[:, 0] for part in mixture.components))


def density(mixture, z):
    """Log-density of an explicit mixture, by torch."""
    mean, log_variance = mixture.components
    parts = Independent(Normal(mean, (0.5 * log_variance).exp()), 1)
    return MixtureSameFamily(Categorical(probs=mixture.weights), parts).log_prob(z)


@pytest.fixture
def experts():
    generator = torch.Generator().manual_seed(0)
    return Posterior(*(torch.randn(CELLS, M, D, generator=generator) for _ in range(2)))


@pytest.fixture
def hidden():
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(CELLS, width, generator=generator) for width in WIDTHS]


@pytest.mark.parametrize("prior_expert", [True, False])
def test_product_of_densities_by_brute_force(experts, prior_expert):
    fused = single(build("poe", prior_expert=prior_expert)(experts, [], everything()))
    grid = np.linspace(-30, 30, 200_001)
    mean, sd = experts.mean.numpy(), np.exp(0.5 * experts.log_variance.numpy())
    for b in range(CELLS):
        for d in range(D):
            squares = (((grid[:, None] - mean[b, :, d]) / sd[b, :, d]) ** 2).sum(1)
            log_p = -0.5 * (squares + prior_expert * grid**2)
            p = np.exp(log_p - log_p.max())
            p /= p.sum()
            centre = (p * grid).sum()
            assert float(fused.mean[b, d].detach()) == pytest.approx(centre, abs=1e-4)
            variance = (p * (grid - centre) ** 2).sum()
            found = float(fused.log_variance[b, d].detach().exp())
            assert found == pytest.approx(variance, abs=1e-4)


def test_mixture_of_experts_is_the_explicit_mixture(experts):
    mask = torch.tensor([[True, True, True], [True, False, True], [False, True, False]])
    some = Posterior(*(part[:3] for part in experts))
    fused = build("moe")(some, [], mask)
    z = torch.randn(3, D, generator=torch.Generator().manual_seed(2))
    for b in range(3):
        parts = [
            Independent(Normal(some.mean[b, m], (0.5 * some.log_variance[b, m]).exp()), 1)
            for m in range(M)
            if mask[b, m]
        ]
        expected = torch.stack([part.log_prob(z[b]) for part in parts]).exp().mean().log()
        torch.testing.assert_close(density(fused, z)[b], expected)


def test_mixture_of_products_is_the_explicit_mixture(experts):
    fused = build("mopoe")(experts, [], torch.tensor([[True, True, False]] * CELLS))
    z = torch.randn(CELLS, D, generator=torch.Generator().manual_seed(2))
    products = [
        single(build("poe")(experts, [], torch.tensor([subset] * CELLS)))
        for subset in ([True, False, False], [False, True, False], [True, True, False])
    ]
    parts = [Normal(mean, (0.5 * lv).exp()).log_prob(z).sum(dim=1) for mean, lv in products]
    expected = torch.stack(parts).exp().mean(dim=0).log()
    torch.testing.assert_close(density(fused, z), expected)
    assert fused.weights.shape == (CELLS, 7)
    assert (fused.weights[0] > 0).sum() == 3


def test_a_derived_modality_need_not_stand_alone_in_the_mixture(experts):
    allowed = torch.tensor([[True, False, False], [False, True, False], [False, True, True]])
    fusion = build("mopoe", derived=(False, False, True), subsets=allowed)
    fused = fusion(experts, [], everything())
    torch.testing.assert_close(fused.weights, torch.full((CELLS, 3), 1 / 3))
    alone = fusion(experts, [], torch.tensor([[False, False, True]] * CELLS))
    assert not alone.mean.any()
    torch.testing.assert_close(alone.variance, torch.ones(CELLS, D))


@pytest.mark.parametrize(
    "subsets", [torch.zeros(1, M, dtype=torch.bool), torch.ones(2, 2, dtype=torch.bool)]
)
def test_subsets_that_are_none_are_refused(subsets):
    with pytest.raises(ValueError, match="subsets"):
        build("mopoe", subsets=subsets)


def test_all_subsets_are_counted():
    assert nonempty_subsets(3).shape == (7, 3)
    assert len(set(map(tuple, nonempty_subsets(3).tolist()))) == 7


def check_mean_of_moments(fused, experts, weights):
    """Weights [B, M] of the experts' means and of their variances."""
    variance = experts.log_variance.exp()
    for found, parts in ((fused.mean, experts.mean), (fused.log_variance.exp(), variance)):
        torch.testing.assert_close(found, (weights.unsqueeze(-1) * parts).sum(dim=1))


def test_mean_of_moments(experts):
    fusion = build("mean")
    with torch.no_grad():
        fusion.weight_logits.copy_(torch.tensor([2.0, 0.5, 1.0]).log())
    mask = torch.tensor([[True, True, False]] * CELLS)
    weights = torch.tensor([[0.8, 0.2, 0.0]]).expand(CELLS, M)
    check_mean_of_moments(single(fusion(experts, [], mask)), experts, weights)


def test_equal_mean_of_moments(experts):
    mask = torch.tensor([[True, True, False], [True] * 3, [False, False, True], [True] * 3])
    fusion = build("mean-equal")
    weights = mask / mask.sum(dim=1, keepdim=True)
    check_mean_of_moments(single(fusion(experts, [], mask)), experts, weights)
    assert not list(fusion.parameters())


def test_mean_of_moments_with_weights_of_each_cell(experts, hidden):
    fusion, mask = build("mean-cell"), everything()
    mask[1, 2] = False
    equal = mask / mask.sum(dim=1, keepdim=True)
    check_mean_of_moments(single(fusion(experts, hidden, mask)), experts, equal)
    for score in fusion.scores:
        torch.nn.init.normal_(score.weight)
    logits = torch.stack([h @ s.weight[0] for h, s in zip(hidden, fusion.scores, strict=True)], 1)
    weights = (logits.exp() * mask) / (logits.exp() * mask).sum(dim=1, keepdim=True)
    check_mean_of_moments(single(fusion(experts, hidden, mask)), experts, weights)


@pytest.mark.parametrize("n_shared", [0, 6])
def test_concatenation_is_its_linear_maps(experts, hidden, n_shared):
    fusion = build("concat", n_shared=n_shared)
    mask = everything()
    mask[0, 1] = False
    fused = single(fusion(experts, hidden, mask))
    x = torch.cat([h * mask[:, m : m + 1] for m, h in enumerate(hidden)] + [mask.float()], dim=1)
    if n_shared:
        x = torch.layer_norm(x @ fusion.shared[0].weight.T + fusion.shared[0].bias, (n_shared,))
    weight, bias = fusion.head.weight, fusion.head.bias
    torch.testing.assert_close(fused.mean, x @ weight[:D].T + bias[:D])
    raw = x @ weight[D:].T + bias[D:]
    torch.testing.assert_close(fused.log_variance, 10 * torch.tanh(raw / 10))


def test_fault_means_and_log_variances_share_no_weights(hidden):
    fusion = build("concat")
    single(fusion(None, hidden, everything())).mean.sum().backward()
    assert fusion.head.weight.grad[:D].any()
    assert not fusion.head.weight.grad[D:].any()


def test_log_variances_of_the_concatenation_are_bounded(hidden):
    fusion = build("concat")
    torch.nn.init.normal_(fusion.head.weight, std=1000)
    log_variance = single(fusion(None, hidden, everything())).log_variance
    assert log_variance.abs().max() <= 10
    assert log_variance.abs().max() > 9


@pytest.mark.parametrize("prior_expert", [True, False])
@pytest.mark.parametrize("name", sorted(FUSIONS))
def test_with_nothing_seen_the_prior_is_left(experts, hidden, name, prior_expert):
    fused = build(name, prior_expert=prior_expert)(experts, hidden, ~everything())
    torch.testing.assert_close(fused.weights.sum(dim=1), torch.ones(CELLS))
    assert not fused.components.mean.any()
    assert not fused.components.log_variance.any()


@pytest.mark.parametrize("prior_expert", [True, False])
@pytest.mark.parametrize("name", sorted(FUSIONS))
def test_what_is_not_seen_does_not_matter_even_as_nan(experts, hidden, name, prior_expert):
    mask = torch.tensor([[True, False, True], [True, True, True], [False] * 3, [True, False, True]])
    spoilt = Posterior(*(part.clone() for part in experts))
    spoilt.mean[~mask], spoilt.log_variance[~mask] = torch.nan, torch.inf
    other = [h.masked_fill(~mask[:, m : m + 1], torch.nan) for m, h in enumerate(hidden)]
    fusion = build(name, prior_expert=prior_expert)
    first, second = fusion(experts, hidden, mask), fusion(spoilt, other, mask)
    for one, two in zip(
        (first.weights, *first.components), (second.weights, *second.components), strict=True
    ):
        assert torch.equal(one, two)


@pytest.mark.parametrize("prior_expert", [True, False])
@pytest.mark.parametrize("name", sorted(FUSIONS))
def test_gradients_are_finite_in_cells_with_nothing(experts, hidden, name, prior_expert):
    fusion = build(name, prior_expert=prior_expert)
    inputs = [*(part.requires_grad_() for part in experts), *(h.requires_grad_() for h in hidden)]
    mask = everything()
    mask[0], mask[1, 1:] = False, False
    fused = fusion(Posterior(*inputs[:2]), inputs[2:], mask)
    (fused.mean.sum() + fused.variance.sum()).backward()
    used = [x for x in [*inputs, *fusion.parameters()] if x.grad is not None]
    assert used
    assert all(torch.isfinite(x.grad).all() for x in used)


@pytest.mark.parametrize("name", sorted(FUSIONS))
def test_fault_no_fusion_every_modality_moves_the_one_latent(experts, hidden, name):
    fusion, mask = build(name), everything()
    before = fusion(experts, hidden, mask)
    assert before.mean.shape == (CELLS, D)
    for m in range(M):
        moved = Posterior(experts.mean.clone(), experts.log_variance)
        moved.mean[:, m] += 1
        other = [h + (n == m) for n, h in enumerate(hidden)]
        assert not torch.allclose(before.mean, fusion(moved, other, mask).mean)


@pytest.mark.parametrize("name", ["poe", "mopoe"])
def test_tempering_weakens_derived_experts_only(experts, name):
    fusion = build(name, derived=(False, False, True))
    assert fusion.tempering.tolist() == [1.0, 1.0, 0.5]
    full = torch.tensor([[True, True, True]])
    with torch.no_grad():
        fusion.tempering_logit[2] = -50.0
    masks = torch.stack([full.expand(CELLS, M), (full & ~fusion.derived).expand(CELLS, M)], dim=1)
    product = fusion.product(experts, masks)
    torch.testing.assert_close(product.mean[:, 0], product.mean[:, 1])
    with torch.no_grad():
        fusion.tempering_logit[:] = 50.0
    assert fusion.tempering.max() <= 1


def test_widths_of_other_modalities_are_refused():
    with pytest.raises(ValueError, match="2 widths for 3 modalities"):
        FUSIONS["poe"](D, widths=(4, 4), derived=(False,) * 3, prior_expert=True)
