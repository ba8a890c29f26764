import math

import numpy as np
import pytest
import torch
from multiome2vec.training.optimiser import LearningRate, clip_gradients, make_optimiser
from multiome2vec.training.settings import Optimisation
from tiny_model import build


def test_plateau_is_that_of_torch():
    rng = np.random.default_rng(0)
    losses = 3 + np.exp(-np.arange(200) / 10) + rng.normal(0, 0.05, 200)
    rate = LearningRate(Optimisation(learning_rate=1e-2, plateau_patience=3))
    reference = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1e-2)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(reference, factor=0.5, patience=3)
    rates = []
    for loss in losses:
        rate.observe(loss)
        plateau.step(loss)
        rates.append(rate.at(1))
        assert rates[-1] == reference.param_groups[0]["lr"]
    assert len(set(rates)) > 5


def test_plateau_knows_better_of_negative_losses():
    """A loss that falls below 0 by more than the threshold is better, one that rises is not."""
    rate = LearningRate(Optimisation(learning_rate=1.0, plateau_patience=0))
    for loss in (-1.0, -1.1, -1.2):
        rate.observe(loss)
    assert rate.at(1) == 1
    rate.observe(-1.19999)
    assert rate.at(1) == 0.5


def test_cosine_after_a_warm_up():
    settings = Optimisation(
        learning_rate=2.0, lr_schedule="cosine", lr_warmup_epochs=4, max_epochs=24
    )
    rate = LearningRate(settings)
    for epoch in np.linspace(0, 24, 49):
        after = max(epoch - 4, 0) / 20
        expected = 2 * min(epoch / 4, 1) * (1 + math.cos(math.pi * after)) / 2
        assert rate.at(epoch) == pytest.approx(expected, abs=1e-12)
    for loss in (1.0, 1, 1, 1, 1, 1, 1, 1, 1):
        rate.observe(loss)
    assert rate.at(4) == 2


def test_constant_stays():
    rate = LearningRate(Optimisation(learning_rate=0.1, lr_schedule="constant"))
    for _ in range(30):
        rate.observe(1.0)
    assert rate.at(3) == rate.at(100) == 0.1


def test_state_continues():
    settings = Optimisation(learning_rate=1.0, plateau_patience=2)
    whole, first = LearningRate(settings), LearningRate(settings)
    second = LearningRate(settings)
    second.restore(first.state())
    for loss in (3.0, 3.0, 3.0):
        whole.observe(loss)
        first.observe(loss)
    second.restore(first.state())
    for rate in (whole, second):
        rate.observe(3.0)
    assert whole.at(1) == second.at(1) == 0.5


@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_optimiser_has_the_settings(name):
    model = torch.nn.Linear(2, 2)
    settings = Optimisation(optimiser=name, learning_rate=0.1, weight_decay=0.2, epsilon=0.3)
    optimiser = make_optimiser(model, settings)
    assert type(optimiser).__name__.lower() == name
    decays = []
    for group in optimiser.param_groups:
        assert (group["lr"], group["eps"]) == (0.1, 0.3)
        decays.append(group["weight_decay"])
    assert decays == [0.2, 0]


@pytest.mark.parametrize("prior", ["mixture", "gmvae"])
def test_weight_decay_pulls_at_nothing_but_weights_of_layers(prior):
    """With gradients of 0, a step of AdamW is the decay alone."""
    model = build("rna", prior=prior, n_components=3, prior_expert=False)
    model.encoders["rna"].trunk.input.linear.bias.data.fill_(1)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimiser = make_optimiser(model, Optimisation(learning_rate=0.1, weight_decay=0.5))
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimiser.step()
    changed = {n for n, p in model.named_parameters() if not torch.equal(p, before[n])}
    assert {"encoders.rna.head.weight", "decoders.rna.head.weight"} <= changed
    assert changed == {
        name
        for name, p in before.items()
        if name.endswith("weight") and p.ndim == 2 and bool(p.any())
    }
    assert not changed & {"prior.component_means", "prior.raw_variances", "prior.heads.constant"}
    spared = {"likelihoods.rna.log_theta", "likelihoods.rna.shares.log_factor", "prior.logits"}
    assert spared <= set(before) - changed
    order = [p for group in optimiser.param_groups for p in group["params"]]
    assert {id(p) for p in order} == {id(p) for p in model.parameters()}
    assert len(order) == len(before)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3, math.nan])
def test_gradients_are_clipped_as_torch_does(scale):
    ours, theirs = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    frozen = torch.nn.Parameter(torch.ones(2))  # never gets a gradient
    for model in (ours, theirs):
        model.register_parameter("frozen", frozen)
        for parameter, seed in ((model.weight, 0), (model.bias, 1)):
            generator = torch.Generator().manual_seed(seed)
            parameter.grad = scale * torch.randn(parameter.shape, generator=generator)
    norm = clip_gradients(ours, limit=1.0)
    expected = torch.nn.utils.clip_grad_norm_(theirs.parameters(), 1.0)
    torch.testing.assert_close(norm, expected, equal_nan=True)
    torch.testing.assert_close(ours.weight.grad, theirs.weight.grad, equal_nan=True)
    torch.testing.assert_close(ours.bias.grad, theirs.bias.grad, equal_nan=True)
