import dataclasses

import torch
from multiome2vec.models.gaussian import Posterior
from multiome2vec.objectives.elbo import negative_elbo
from tiny_model import build


def parts(model, batch, mask, seed=7, **weights):
    output, _ = negative_elbo(
        model,
        batch,
        evidence=model.encode(batch),
        mask=mask,
        weights=weights,
        generator=torch.Generator().manual_seed(seed),
    )
    return output


def test_total_is_the_weighted_sum_of_the_terms(model, batch):
    output = parts(model, batch, batch.present, kl_z=0.3)
    t = output.terms
    expected = t["nll_rna"] + 0.5 * t["nll_atac"] + t["nll_motif"] + 0.3 * t["kl_z"]
    torch.testing.assert_close(output.total.detach(), expected)


def test_terms_are_those_of_one_draw(model, batch):
    terms = parts(model, batch, batch.present).terms
    mixture = model.infer(batch).mixture
    noise = torch.randn(6, 1, 2, generator=torch.Generator().manual_seed(7))
    z = mixture.components.sample(noise)[:, 0]
    nll = -model.log_likelihood("rna", batch, z).mean()
    torch.testing.assert_close(terms["nll_rna"], nll.detach())
    q = torch.distributions.Normal(
        mixture.components.mean[:, 0], (0.5 * mixture.components.log_variance[:, 0]).exp()
    )
    prior = torch.distributions.Normal(torch.zeros(2), torch.ones(2))
    kl = torch.distributions.kl_divergence(q, prior).sum(1).mean()
    torch.testing.assert_close(terms["kl_z"], kl.detach())


def test_hidden_modalities_are_neither_seen_nor_scored(model, batch):
    only_rna = torch.tensor([[True, False, False]] * 6)
    first = parts(model, batch, only_rna)
    assert set(first.terms) == {"kl_z", "nll_rna"}
    changed = dataclasses.replace(batch, values={**batch.values, "atac": batch.values["atac"] + 9})
    assert torch.equal(first.total, parts(model, changed, only_rna).total)


def test_cells_without_a_modality_add_nothing_to_its_term(model, batch):
    half = batch.present.clone()
    half[3:, 1:] = False
    whole = parts(model, batch, half).terms["nll_atac"]
    noise = torch.randn(6, 1, 2, generator=torch.Generator().manual_seed(7))
    z = model.infer(batch, half).mixture.components.sample(noise)[:, 0]
    expected = -model.log_likelihood("atac", batch, z)[:3].sum() / 6
    torch.testing.assert_close(whole, expected.detach())


def test_undefined_values_change_nothing(model, batch):
    defined = torch.ones(6, 3)
    defined[:, 1] = 0
    masked = dataclasses.replace(batch, defined={"motif": defined})
    motif = batch.values["motif"].clone()
    motif[:, 1] = 5.0
    other = dataclasses.replace(masked, values={**batch.values, "motif": motif})
    assert torch.equal(
        parts(model, masked, batch.present).total, parts(model, other, batch.present).total
    )


def test_a_mixture_of_experts_averages_over_its_components(batch):
    model = build("rna", "atac", fusion="moe")
    pair = dataclasses.replace(
        batch,
        values={name: batch.values[name] for name in ("rna", "atac")},
        present=batch.present[:, :2],
    )
    terms = parts(model, pair, pair.present).terms
    mixture = model.infer(pair).mixture
    assert mixture.weights.tolist() == [[0.5, 0.5]] * 6
    noise = torch.randn(6, 2, 2, generator=torch.Generator().manual_seed(7))
    z = Posterior(*mixture.components).sample(noise)
    each = [-model.log_likelihood("rna", pair, z[:, s]).mean() for s in range(2)]
    torch.testing.assert_close(terms["nll_rna"], (sum(each) / 2).detach())


def test_latent_library_adds_its_divergence(batch):
    base = build("rna")
    spec = dataclasses.replace(base.config.modalities["rna"], library="latent")
    torch.manual_seed(0)
    model = type(base)(dataclasses.replace(base.config, modalities={"rna": spec})).eval()
    pair = dataclasses.replace(
        batch, values={"rna": batch.values["rna"]}, present=batch.present[:, :1]
    )
    free, weighted = (parts(model, pair, pair.present, kl_library=w) for w in (0.0, 2.0))
    assert free.terms["kl_library"] > 0
    torch.testing.assert_close(
        weighted.total - free.total, 2 * free.terms["kl_library"], rtol=1e-4, atol=1e-4
    )


def test_exact_components_weigh_by_their_probabilities(batch):
    model = build("rna", prior="gmvae", n_components=3, prior_expert=False)
    pair = dataclasses.replace(
        batch, values={"rna": batch.values["rna"]}, present=batch.present[:, :1]
    )
    output = parts(model, pair, pair.present)
    assigned = model.infer(pair)
    torch.testing.assert_close(assigned.mixture.weights, assigned.responsibilities)
    noise = torch.randn(6, 3, 2, generator=torch.Generator().manual_seed(7))
    z = assigned.mixture.components.sample(noise)
    expected = sum(
        -(assigned.responsibilities[:, c] * model.log_likelihood("rna", pair, z[:, c])).mean()
        for c in range(3)
    )
    torch.testing.assert_close(output.terms["nll_rna"], expected.detach())
    assert set(output.terms) == {"nll_rna", "kl_z", "kl_c"}
