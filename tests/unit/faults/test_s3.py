"""Faults of scMVP (S3), and where each is tested.

1. Responsibilities underflowed to uniform ones in 20 dimensions.
   unit/models/priors/test_mixture.py::test_fault_responsibilities_underflow_in_many_dimensions
2. Variances were taken for their logarithms in the KL divergence.
   unit/models/test_gaussian.py::test_fault_variance_taken_for_log_variance
   unit/models/priors/test_mixture.py::test_fault_variance_and_log_variance_confused
   unit/models/priors/test_mixture.py::test_kl_agrees_with_monte_carlo
3. Weights of components were never normalised.
   unit/models/test_density.py::test_fault_weights_are_normalised_whatever_the_parameters_are
   unit/models/priors/test_mixture.py::test_fault_unnormalised_weights_make_no_negative_cost
4. Components started alike, so that nothing separated them.
   unit/models/priors/test_mixture.py::test_fault_symmetric_start_is_broken_by_initialise
   unit/models/test_density.py::test_components_are_as_wide_as_the_posteriors_that_they_hold
5. The balance of components had the wrong sign and drove all cells into one.
   unit/models/priors/test_usage.py::test_fault_usage_was_minimised
   unit/objectives/test_objective.py::test_usage_rewards_even_components
   acceptance/test_mixtures.py::test_a_collapsed_mixture_is_flagged
6. Pretraining reached the auxiliary encoders only; components began in another space.
   here::test_fault_only_auxiliary_encoders_are_pretrained
   unit/models/priors/test_gmvae.py::test_fault_start_in_another_space
   acceptance/test_mixtures.py::test_a_start_from_the_cells_is_no_worse_than_none
7. The warm-up of the KL divergence was 1 in every epoch.
   here::test_fault_the_warm_up_is_over_in_the_first_epoch
   unit/presets/test_presets.py::test_every_term_is_on_before_the_last_epoch
   unit/training/test_schedules.py::test_ramp_then_value
8. Consistency by a softmax of probabilities; alignment printed, not used; shared weights.
   here::test_fault_terms_are_printed_and_not_used
   unit/objectives/test_objective.py::test_the_cycle_is_the_divergence_of_what_is_inferred_anew
   unit/models/test_fusion.py::test_fault_means_and_log_variances_share_no_weights
   acceptance/test_mixtures.py::test_the_cycle_closes_and_may_be_left_out
9. Attention over numbers without scale and residual; layers declared and not used.
   here::test_fault_layers_are_declared_and_not_used
   unit/nn/trunks/test_self_attention.py::test_tokens_by_scaled_dot_products
   unit/nn/trunks/test_trunks.py::test_shape_and_a_gradient_for_every_parameter
   unit/nn/test_bodies.py::test_cluster_attention_weights_the_hidden_layer
10. Reconstructions weighted by hand, with further penalties; means changed in place; rates that
    do not sum to the library.
    here::test_fault_reconstructions_are_weighted_by_hand
    here::test_fault_means_are_changed_in_place
    unit/models/likelihoods/test_base.py::test_expected_counts_sum_to_the_library
    unit/models/likelihoods/test_zero_inflated.py::test_rates_sum_to_the_library_and_means_to_less
11. Libraries ignored, or of transformed values; no batches; prints; dense inputs.
    here::test_fault_the_library_is_that_of_transformed_values
    here::test_fault_inputs_are_made_dense
    here::test_fault_the_loss_prints
    here::test_fault_batches_are_not_told
    unit/models/test_library.py::test_fitting_recovers_the_libraries_of_cells
    unit/faults/test_s2.py::test_fault_nothing_can_be_drawn_without_data
"""

import dataclasses

import numpy as np
import pytest
import torch
from multiome2vec import keys
from multiome2vec.data import multiome
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.nn.sparse_rows import SparseRows
from multiome2vec.objectives.objective import Objective, validation_elbo
from multiome2vec.presets import REGISTRY, configure
from multiome2vec.tasks import train as module
from multiome2vec.training.inference import latent
from multiome2vec.training.monitors import effective_components
from multiome2vec.training.statistics import fit_statistics
from scipy import stats
from toy_multiome import toy_multiome
from toy_presets import SHORT, short

CPU = torch.device("cpu")
SMALL = {"n_components": 4, "pretrain_epochs": 4, "max_epochs": 4, "kl_warmup_epochs": 2}


def small(preset="scmvp", **hyper):
    return short(preset, toy_multiome(cells=120), **SMALL | hyper)


def untrained(preset, **hyper):
    """Model of a preset with its statistics, and the toy's first cells as it sees them."""
    settings = configure(preset, SHORT | SMALL | {"n_components": 3} | hyper)
    trained = short(preset, toy_multiome(cells=120), **SMALL | hyper | {"max_epochs": 1})
    torch.manual_seed(0)
    model = MultimodalVAE(settings.model(trained.data.shapes, n_batches=2))
    fit_statistics(model, trained.data, trained.split.train)
    return settings, model, trained.data.batch(np.arange(48), CPU)


def test_fault_only_auxiliary_encoders_are_pretrained(monkeypatch):
    """The joint stage starts with all pretrained weights and with components where cells lie."""
    ends, starts, used = [], [], []
    fit = module.fit

    def watch(model, data, split, *, context, **settings):
        joint = context.stage == "joint"
        if joint:
            starts.append({name: t.clone() for name, t in model.state_dict().items()})
            used.append(latent(model, data, split.train))
        result = fit(model, data, split, context=context, **settings)
        if not joint:
            ends.append({name: t.clone() for name, t in model.state_dict().items()})
        return result

    monkeypatch.setattr(module, "fit", watch)
    small(pretrain_epochs=24, max_epochs=1)
    (end,), (start,), (found,) = ends, starts, used
    assert set(start) - set(end) == {n for n in start if n.startswith("prior.")}
    assert all(torch.equal(start[name], end[name]) for name in end)
    assert effective_components(found.responsibilities) > 3
    distance = start["prior.component_means"].numpy()[:, None] - found.mean[None]
    nearest = np.square(distance).sum(axis=-1).min(axis=1)
    assert (nearest < found.mean.var(axis=0).sum()).all()


@pytest.mark.parametrize("preset", ["scmvp", "scmvp-parity"])
def test_fault_the_warm_up_is_over_in_the_first_epoch(preset):
    settings = configure(preset, {})
    trained = small(preset, kl_warmup_epochs=4, max_epochs=6, pretrain_epochs=0)
    weights = [row["kl_z_weight"] for row in trained.fit.history]
    assert weights == [0.25, 0.5, 0.75, 1, 1, 1]
    assert 0 < settings.kl_warmup_epochs < settings.max_epochs


@pytest.mark.parametrize("name", ["align", "cycle", "subset", "usage", "cross"])
def test_fault_terms_are_printed_and_not_used(name):
    """Each term of the objective changes the gradient of the encoders."""
    settings, model, batch = untrained("scmvp")
    gradients = []
    for weight in (0.0, 1.0):
        model.zero_grad()
        output = Objective(settings.objective)(
            model.eval(), batch, weights={name: weight}, generator=torch.Generator().manual_seed(0)
        )
        output.total.backward()
        gradients.append(model.encoders[keys.RNA].trunk.input.weight.grad.clone())
    assert not torch.allclose(*gradients, rtol=1e-3)


@pytest.mark.parametrize("preset", REGISTRY.names())
def test_fault_layers_are_declared_and_not_used(preset):
    """Every parameter is moved by the preset's own objective (weight decay is left out)."""
    settings, model, batch = untrained(preset, hidden=(32, 16) if "gtex" in preset else (32,))
    weights = {name: s.value for name, s in settings.schedules(model.config).items()}
    objective = Objective(settings.objective)
    start = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    for seed in range(12):  # random subsets leave modalities out
        optimiser.zero_grad()
        generator = torch.Generator().manual_seed(seed)
        objective(model.train(), batch, weights=weights, generator=generator).total.backward()
        optimiser.step()
    still = {name for name, p in model.named_parameters() if torch.equal(p, start[name])}
    assert still <= {"fusion.tempering_logit"}  # of derived modalities, where there are any
    assert not still or not model.fusion.derived.any()


def test_fault_reconstructions_are_weighted_by_hand():
    """The loss is −log p of the counts as scipy has it, plus the divergences, and no more."""
    _, model, batch = untrained("scmvp")
    assert {spec.weight for spec in model.config.modalities.values()} == {1.0}
    model.eval()
    output = validation_elbo(model, batch, generator=torch.Generator().manual_seed(0), beta={})
    terms = output.terms
    assert float(output.total.detach()) == pytest.approx(float(sum(terms.values())), rel=1e-5)
    assigned = model.infer(batch)
    components = assigned.mixture.components
    noise = torch.randn(components.mean.shape, generator=torch.Generator().manual_seed(0))
    z, gamma = components.sample(noise)[:, 0], assigned.responsibilities
    counts = batch.values[keys.RNA].numpy()
    with torch.no_grad():
        rate = model.expectation(keys.RNA, z, batch.covariate, batch.library(keys.RNA), gamma)
        theta = model.likelihoods[keys.RNA].log_theta.exp().numpy()
        heads = model.outputs(keys.ATAC, z, batch.covariate, gamma)
        zip_ = model.likelihoods[keys.ATAC]
        mean = zip_.rate(heads, batch.library(keys.ATAC)).numpy()
        inflation = torch.sigmoid(heads.chunk(2, dim=1)[1]).numpy()
    rate = rate.numpy()
    expected = -stats.nbinom.logpmf(counts, theta, theta / (theta + rate)).sum(axis=1).mean()
    assert float(terms["nll_rna"]) == pytest.approx(expected, rel=1e-4)
    counts = batch.values[keys.ATAC].numpy()
    chance = (1 - inflation) * stats.poisson.pmf(counts, mean) + inflation * (counts == 0)
    assert float(terms["nll_atac"]) == pytest.approx(-np.log(chance).sum(axis=1).mean(), rel=1e-4)


def test_fault_means_are_changed_in_place():
    _, model, batch = untrained("scmvp")
    z, library = torch.zeros(48, 6), batch.library(keys.ATAC)
    outputs = model.outputs(keys.ATAC, z, batch.covariate)
    before, likelihood = outputs.clone(), model.likelihoods[keys.ATAC]
    counts = batch.values[keys.ATAC].clone()
    mean = likelihood.mean(outputs, library)
    kept = mean.clone()
    likelihood.log_likelihood(batch.values[keys.ATAC], outputs, library).sum().backward()
    assert torch.equal(outputs, before)
    assert torch.equal(mean, kept)
    assert torch.equal(batch.values[keys.ATAC], counts)


def test_fault_the_library_is_that_of_transformed_values():
    """Where counts are scored, their sum; where transformed values are, the sum of these."""
    _, model, batch = untrained("scmvp")
    counts = batch.values[keys.ATAC]
    torch.testing.assert_close(model.target(keys.ATAC, batch)[1][:, 0], counts.sum(dim=1))
    _, parity, batch = untrained("scmvp-parity")
    values, library = parity.target(keys.ATAC, batch)
    torch.testing.assert_close(library[:, 0], values.sum(dim=1))
    assert not torch.allclose(values, counts)


def test_fault_inputs_are_made_dense(monkeypatch):
    """Sparse counts stay sparse from the file to the loss."""
    monkeypatch.setattr(multiome, "SPARSE_BELOW", 2.0)
    settings, model, batch = untrained("scmvp")
    assert all(isinstance(values, SparseRows) for values in batch.values.values())
    monkeypatch.setattr(SparseRows, "dense", lambda _: pytest.fail("a dense copy"))
    output = Objective(settings.objective)(
        model, batch, weights={"kl_z": 1.0, "subset": 1.0}, generator=torch.Generator()
    )
    output.total.backward()
    assert torch.isfinite(output.total)


def test_fault_the_loss_prints(capsys):
    small(pretrain_epochs=1, max_epochs=2)
    assert capsys.readouterr().out == ""


def test_fault_batches_are_not_told():
    _, model, batch = untrained("scmvp")
    assert model.config.n_batches == 2
    other = dataclasses.replace(batch, covariate=batch.covariate.flip(1))
    first, second = (model.eval().infer(cells).mixture.mean for cells in (batch, other))
    assert not torch.allclose(first, second)
    z = torch.zeros(48, 6)
    rates = [model.outputs(keys.RNA, z, cells.covariate) for cells in (batch, other)]
    assert not torch.allclose(*rates)
