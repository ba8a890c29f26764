import dataclasses
import math

import pytest
import torch
from multiome2vec.errors import UserError
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.models.subsets import group_masks, hide, valid_subsets
from multiome2vec.objectives.masking import mask_inputs
from multiome2vec.objectives.objective import Objective, validation_elbo
from multiome2vec.objectives.spec import ObjectiveSpec
from multiome2vec.objectives.terms import TERMS, pooled
from tiny_model import build, config, sparse_rows
from torch import nn
from torch.distributions import Categorical, Normal, kl_divergence


def loss(model, batch, generator, spec=None, **weights):
    return Objective(spec or ObjectiveSpec())(model, batch, weights=weights, generator=generator)


def sets(subsets, names):
    return {
        frozenset(n for n, used in zip(names, row, strict=True) if used) for row in subsets.tolist()
    }


def test_motif_never_stands_without_atac():
    expected = [{"rna"}, {"atac"}, {"rna", "atac"}, {"atac", "motif"}, {"rna", "atac", "motif"}]
    found = sets(valid_subsets(config()), ["rna", "atac", "motif"])
    assert found == {frozenset(s) for s in expected}
    assert valid_subsets(config("rna")).tolist() == [[True]]


def test_hiding_leaves_no_cell_empty():
    present = torch.tensor([[True, True, True], [True, False, False], [False, True, True]])
    hidden = hide(present, torch.tensor([False, True, True]))
    assert hidden.tolist() == [[False, True, True], [True, False, False], [False, True, True]]


def test_a_source_is_a_measured_modality_with_what_is_derived_from_it(batch):
    assert config().groups == [[0], [1, 2]]
    rna, atac = group_masks(config(), batch.present)
    assert rna[0].tolist() == [True, False, False]
    assert atac[0].tolist() == [False, True, True]


def test_subset_elbo_is_averaged_reproducible_and_finite(model, batch):
    totals = [
        loss(model, batch, torch.Generator().manual_seed(s), subset=1.0).total for s in (0, 0, 1)
    ]
    assert totals[0] == totals[1]
    assert totals[0] != totals[2]
    totals[0].backward()
    assert all(p.grad is None or torch.isfinite(p.grad).all() for p in model.parameters())
    output = loss(model, batch, torch.Generator().manual_seed(0), subset=1.0, kl_z=0.5)
    t = output.terms
    joint = t["nll_rna"] + 0.5 * t["nll_atac"] + t["nll_motif"] + 0.5 * t["kl_z"]
    torch.testing.assert_close(output.total.detach(), (joint + t["subset"]) / 2)


@pytest.mark.parametrize("name", sorted(set(TERMS) - {"subset", "masked"}))
def test_each_term_is_added_with_its_weight(name, batch):
    model = build(projection=4, adversary=True)
    batch = dataclasses.replace(batch, donors=torch.tensor([0, 0, 1, 1, 2, 2]))
    plain = loss(model, batch, torch.Generator().manual_seed(3))
    more = loss(model, batch, torch.Generator().manual_seed(3), **{name: 0.25})
    torch.testing.assert_close(more.total - plain.total, 0.25 * more.terms[name], atol=1e-4, rtol=0)
    assert name not in plain.terms


def test_cross_reconstructs_only_what_the_source_did_not_give(model, batch, generator):
    values = {**batch.values, "atac": batch.values["atac"] + 5}
    changed = dataclasses.replace(batch, values=values)
    rna_only = dataclasses.replace(batch, present=torch.tensor([[True, False, False]] * 6))
    assert loss(model, rna_only, generator, cross=1.0).terms["cross"] == 0
    first, second = (
        loss(model, b, torch.Generator().manual_seed(0), cross=1.0).terms["cross"]
        for b in (batch, changed)
    )
    assert first != second


def test_running_statistics_are_those_of_cells_not_of_reconstructions(batch):
    """Else a model whose cycle is on would be normalised otherwise when it is used."""
    states = []
    for weight in (0.0, 1.0):
        torch.manual_seed(0)
        model = build("rna", norm="batch").train()
        cells = dataclasses.replace(
            batch, values={"rna": batch.values["rna"]}, present=batch.present[:, :1]
        )
        loss(model, cells, torch.Generator().manual_seed(0), cycle=weight)
        states.append(model.state_dict())
    names = [name for name in states[0] if "running" in name or "tracked" in name]
    assert names
    assert all(torch.equal(states[0][name], states[1][name]) for name in names)
    assert {name.split(".")[0] for name in names} == {"encoders", "decoders"}
    assert all(states[0][name].any() for name in names if "running_mean" in name)
    assert all(m.track_running_stats for m in model.modules() if isinstance(m, nn.BatchNorm1d))


def test_alignment_is_zero_where_there_is_one_source(model, batch, generator):
    rna_only = dataclasses.replace(batch, present=torch.tensor([[True, False, False]] * 6))
    assert loss(model, rna_only, generator, align=1.0).terms["align"] == 0
    assert loss(model, batch, generator, align=1.0).terms["align"] > 0


def test_usage_rewards_even_components(batch, generator):
    model = build("rna", prior="mixture", n_components=4, prior_expert=False)
    cells = dataclasses.replace(
        batch, values={"rna": batch.values["rna"]}, present=batch.present[:, :1]
    )
    output = loss(model, cells, generator, usage=1.0)
    mean = model.infer(cells).responsibilities.mean(0)
    entropy = -(mean * mean.log()).sum()
    torch.testing.assert_close(output.terms["usage"], -entropy.detach(), rtol=1e-4, atol=1e-5)


def test_masking_rates_lie_in_their_range(model, batch):
    spec = ObjectiveSpec(masking=(0.05, 0.25))
    generator = torch.Generator().manual_seed(0)
    rates = [float(loss(model, batch, generator, spec).terms["masking_rate"]) for _ in range(300)]
    assert 0.05 <= min(rates) < 0.06
    assert 0.24 < max(rates) <= 0.25


def test_masked_scores_hidden_entries_alone(model, batch):
    spec = ObjectiveSpec(masking=(0.5, 0.5))
    terms = loss(model, batch, torch.Generator().manual_seed(0), spec, masked=1.0).terms
    whole = terms["nll_rna"] + 0.5 * terms["nll_atac"] + terms["nll_motif"]
    assert 0 < terms["masked"] < whole


def sparse(batch):
    """The batch with counts as sparse rows."""
    values = {n: sparse_rows(x) if n != "motif" else x for n, x in batch.values.items()}
    return dataclasses.replace(batch, values=values)


def test_standardised_counts_are_hidden_alike_sparse_and_dense(model, batch):
    """Zeros as well as counts, and both count as the mean."""
    spec = ObjectiveSpec(masking=(0.5, 0.5))
    found = [
        loss(model, cells, torch.Generator().manual_seed(0), spec, masked=1.0)
        for cells in (batch, sparse(batch))
    ]
    torch.testing.assert_close(found[1].total, found[0].total)
    torch.testing.assert_close(found[1].terms["masked"], found[0].terms["masked"])


def test_hidden_values_reach_no_encoder(model, batch, generator):
    batch.values["rna"][:, 2:] = 0
    seen, _ = mask_inputs(sparse(batch), (0.5, 0.5), generator, standardised=model.standardised)
    kept = seen.defined["rna"]
    assert 0.2 < kept[batch.values["rna"] == 0].mean() < 0.8
    kept[:, :2] = 0
    other = batch.values["rna"][:, [1, 0, 2, 3]]  # of the same library
    values = {**seen.values, "rna": sparse_rows(other)}
    one, two = (
        model.encode(cells).experts.mean
        for cells in (seen, dataclasses.replace(seen, values=values))
    )
    torch.testing.assert_close(one, two)


def test_hidden_counts_alone_cannot_be_scored(batch, generator):
    """Sparse and not standardised: only counts are dropped, which says that they are not 0."""
    base = config("rna", "atac")
    specs = {n: dataclasses.replace(s, standardise=False) for n, s in base.modalities.items()}
    model = MultimodalVAE(dataclasses.replace(base, modalities=specs))
    cells = sparse(batch)
    cells.values.pop("motif")
    cells = dataclasses.replace(cells, present=cells.present[:, :2])
    spec = ObjectiveSpec(masking=(0.5, 0.5))
    assert torch.isfinite(loss(model, cells, generator, spec).total)
    with pytest.raises(UserError, match="all are sparse counts. Add their kind to 'standardise'"):
        loss(model, cells, generator, spec, masked=1.0)


@pytest.mark.parametrize("beta", [{}, {"kl_z": 0.25, "subset": 9.0}])
def test_validation_has_a_fixed_beta_and_no_mask(model, batch, beta):
    generator = torch.Generator().manual_seed(0)
    output = validation_elbo(model, batch, generator=generator, beta=beta)
    t = output.terms
    reconstruction = t["nll_rna"] + 0.5 * t["nll_atac"] + t["nll_motif"]
    expected = reconstruction + beta.get("kl_z", 1.0) * t["kl_z"]
    torch.testing.assert_close(output.total.detach(), expected)
    assert set(t) == {"nll_rna", "nll_atac", "nll_motif", "kl_z"}


@pytest.mark.parametrize("target", ["counts", "transformed"])
def test_the_cycle_is_closed_where_the_expected_values_are_the_cells(batch, target, monkeypatch):
    """Values on the transformed scale are not transformed a second time."""
    base = build()
    specs = {n: dataclasses.replace(s, target=target) for n, s in base.config.modalities.items()}
    torch.manual_seed(0)
    model = type(base)(dataclasses.replace(base.config, modalities=specs)).eval()

    def perfect(name, z, covariate, library, responsibilities):
        values, total = model.target(name, batch)
        return values * library / total

    monkeypatch.setattr(model, "expectation", perfect)
    output = loss(model, batch, torch.Generator().manual_seed(0), cycle=1.0)
    torch.testing.assert_close(output.terms["cycle"], torch.zeros(()), atol=1e-5, rtol=0)


def test_the_cycle_is_the_divergence_of_what_is_inferred_anew(batch):
    """KL of the posteriors and of the responsibilities, as torch has them (no softmax twice)."""
    names = ("rna", "atac")
    model = build(*names, prior="mixture", n_components=3, prior_expert=False)
    pair = dataclasses.replace(
        batch, values={n: batch.values[n] for n in names}, present=batch.present[:, :2]
    )
    term = loss(model, pair, torch.Generator().manual_seed(0), cycle=1.0).terms["cycle"]
    before = model.infer(pair)
    values = {
        n: model.expectation(
            n, before.mixture.mean, pair.covariate, pair.library(n), before.responsibilities
        )
        for n in names
    }
    after = model.infer(dataclasses.replace(pair, values=values))
    normal = [
        Normal(found.mixture.mean, found.mixture.variance.sqrt()) for found in (before, after)
    ]
    expected = kl_divergence(*normal).sum(dim=1).mean()
    classes = [Categorical(probs=found.responsibilities) for found in (before, after)]
    expected = expected + kl_divergence(*classes).mean()
    torch.testing.assert_close(term, expected.detach(), rtol=1e-4, atol=1e-5)


def test_free_nats_do_not_pay_for_small_divergence(model, batch):
    spec = ObjectiveSpec(free_nats=50.0)
    output = loss(model, batch, torch.Generator().manual_seed(0), spec)
    t = output.terms
    expected = t["nll_rna"] + 0.5 * t["nll_atac"] + t["nll_motif"] + 50.0
    torch.testing.assert_close(output.total.detach(), expected)


@pytest.mark.parametrize("prior", ["standard-normal", "mixture", "gmvae"])
def test_free_bits_do_not_pay_for_small_divergence_of_any_dimension(prior, batch):
    """Σ_d max(λ, mean over cells of KL_d): nothing pulls dimensions below λ to the prior."""
    model = build(prior=prior, n_components=3, prior_expert=False)
    dimensions = model.infer(batch).dimensions.mean(dim=0).detach()
    threshold = float(dimensions.mean())  # one dimension is below, one above
    assert (dimensions < threshold).tolist().count(True) == 1
    seed = torch.Generator().manual_seed(0)
    plain, freed = (
        loss(model, batch, seed.manual_seed(0), ObjectiveSpec(free_bits=bits))
        for bits in (0.0, threshold)
    )
    paid = freed.total - plain.total
    expected = dimensions.clamp(min=threshold).sum() - dimensions.sum()
    torch.testing.assert_close(paid.detach(), expected, rtol=1e-4, atol=1e-4)
    assert freed.terms.keys() == plain.terms.keys()
    torch.testing.assert_close(freed.terms["kl_z"], dimensions.sum())


def test_the_whole_divergence_and_its_dimensions_are_not_freed_at_once():
    with pytest.raises(UserError, match="free_nats = 1 and free_bits = 0.1 free the same"):
        ObjectiveSpec(free_nats=1.0, free_bits=0.1)


def test_chance_levels_stand_beside_contrastive_terms(batch):
    """ln of the number of candidates: cells, or donors with several cells."""
    model = build(projection=4)
    cells = dataclasses.replace(batch, donors=torch.tensor([0, 0, 1, 1, 2, -1]))
    weights = {"contrastive": 1.0, "augmented": 1.0, "donor": 1.0}
    terms = loss(model, cells, torch.Generator().manual_seed(0), **weights).terms
    for name, candidates in {"contrastive": [6], "augmented": [6], "donor": [2, 2]}.items():
        assert float(terms[f"{name}_chance"]) == pytest.approx(sum(map(math.log, candidates)))
    assert "contrastive_chance" not in loss(model, cells, torch.Generator()).terms
    alone = dataclasses.replace(batch, donors=torch.tensor([0, 0, -1, -1, 1, 2]))
    terms = loss(model, alone, torch.Generator().manual_seed(0), donor=1.0).terms
    assert (terms["donor"], terms["donor_chance"]) == (0, 0)


def test_a_donor_is_the_mean_of_its_cells_that_have_the_modality(batch):
    present = batch.present.clone()
    present[0, 0] = False
    defined = torch.ones(6, 3)
    defined[2, 1] = defined[:, 2] = 0
    cells = dataclasses.replace(batch, present=present, defined={"motif": defined})
    shares = torch.tensor([[0.5, 0, 0.5, 0, 0, 0], [0, 1, 0, 0, 0, 0]])
    found = pooled(cells, shares)
    rna, motif = batch.values["rna"], batch.values["motif"]
    torch.testing.assert_close(found.values["rna"], rna[[2, 1]])
    torch.testing.assert_close(found.values["atac"][0], batch.values["atac"][[0, 2]].mean(dim=0))
    expected = torch.stack([motif[[0, 2], 0].mean(), motif[0, 1], torch.zeros(())])
    torch.testing.assert_close(found.values["motif"][0], expected)
    assert found.defined["motif"].tolist() == [[1, 1, 0], [1, 1, 0]]
    assert found.present.all()
    assert found.covariate.tolist() == [[1, 0], [0, 1]]


def test_donors_are_halved_without_sums_of_floats(batch, monkeypatch):
    """CUDA's running sums of floats are refused where every run has to give equal bits."""
    running = torch.Tensor.cumsum

    def exact(values, dim):
        assert not values.is_floating_point()
        return running(values, dim=dim)

    monkeypatch.setattr(torch.Tensor, "cumsum", exact)
    cells = dataclasses.replace(batch, donors=torch.tensor([0, 0, 1, 1, 1, -1]))
    terms = loss(build(projection=4), cells, torch.Generator().manual_seed(0), donor=1.0).terms
    assert terms["donor"] > 0


def test_augmented_views_lose_counts_and_gain_noise_as_they_are_told(batch, monkeypatch):
    model, seen = build(projection=4), []
    encode = type(model).encode
    monkeypatch.setattr(
        type(model), "encode", lambda self, x, **k: (seen.append(x), encode(self, x, **k))[1]
    )
    for spec in (ObjectiveSpec(), ObjectiveSpec(thinning=0.5, noise=0.3)):
        seen.clear()
        loss(model, batch, torch.Generator().manual_seed(0), spec, augmented=1.0)
        first, second = (view.values for view in seen[-2:])
        changed = spec.thinning > 0
        for name, values in batch.values.items():
            assert torch.equal(first[name], values) != changed
            assert torch.equal(first[name], second[name]) != changed
        if changed:
            assert (first["rna"] <= batch.values["rna"]).all()
            assert 0.3 < float(first["rna"].sum() / batch.values["rna"].sum()) < 0.7
