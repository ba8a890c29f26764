import dataclasses

import pytest
import torch
from multiome2vec.models.batch import Batch
from multiome2vec.models.config import ModalitySpec, ModelConfig
from multiome2vec.models.elbo import hide, negative_elbo, subset_elbo, valid_subsets
from multiome2vec.models.multimodal import MultimodalVAE

SPECS = {
    "rna": ModalitySpec(4, "log-library", "negative-binomial"),
    "atac": ModalitySpec(5, "tfidf-1", "poisson", weight=0.5),
    "motif": ModalitySpec(3, "identity", "gaussian", derived_from="atac"),
}


def config(*names):
    specs = {name: SPECS[name] for name in names or SPECS}
    return ModelConfig(specs, n_batches=2, latent=2, hidden=(6,), dropout=0.0)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return MultimodalVAE(config()).eval()


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(1)
    return Batch(
        values={
            "rna": torch.poisson(torch.full((6, 4), 3.0), generator),
            "atac": torch.poisson(torch.full((6, 5), 2.0), generator),
            "motif": torch.randn(6, 3, generator=generator),
        },
        defined={},
        present=torch.ones(6, 3, dtype=torch.bool),
        covariate=torch.eye(2)[[0, 1, 0, 1, 0, 1]],
    )


def sets(subsets, names):
    return {
        frozenset(n for n, used in zip(names, row, strict=True) if used) for row in subsets.tolist()
    }


def test_motif_never_stands_without_atac():
    expected = [{"rna"}, {"atac"}, {"rna", "atac"}, {"atac", "motif"}, {"rna", "atac", "motif"}]
    assert sets(valid_subsets(config()), SPECS) == {frozenset(s) for s in expected}
    assert sets(valid_subsets(config("rna", "atac")), ["rna", "atac"]) == {
        frozenset(s) for s in ({"rna"}, {"atac"}, {"rna", "atac"})
    }
    assert valid_subsets(config("rna")).tolist() == [[True]]


def test_hiding_leaves_no_cell_empty():
    present = torch.tensor([[True, True, True], [True, False, False], [False, True, True]])
    hidden = hide(present, torch.tensor([False, True, True]))
    assert hidden.tolist() == [[False, True, True], [True, False, False], [False, True, True]]


def parts(model, batch, mask, kl_weight=0.3):
    noise = torch.zeros(len(mask), 2)
    return negative_elbo(
        model,
        batch,
        experts=model.encode(batch),
        mask=mask,
        noise=noise,
        kl_weight=kl_weight,
    )


def test_total_is_the_weighted_sum_of_the_terms(model, batch):
    output = parts(model, batch, batch.present)
    t = output.terms
    expected = t["nll_rna"] + 0.5 * t["nll_atac"] + t["nll_motif"] + 0.3 * t["kl"]
    torch.testing.assert_close(output.total.detach(), expected)
    posterior = model.posterior(batch)
    nll = -model.log_likelihood("rna", batch, posterior.mean).mean()
    torch.testing.assert_close(t["nll_rna"], nll.detach())


def test_hidden_modalities_are_neither_seen_nor_scored(model, batch):
    only_rna = torch.tensor([[True, False, False]] * 6)
    first = parts(model, batch, only_rna)
    assert set(first.terms) == {"kl", "nll_rna"}
    changed = dataclasses.replace(batch, values={**batch.values, "atac": batch.values["atac"] + 9})
    assert torch.equal(first.total, parts(model, changed, only_rna).total)


def test_cells_without_a_modality_add_nothing_to_its_term(model, batch):
    half = batch.present.clone()
    half[3:, 1:] = False
    term = parts(model, batch, half).terms["nll_atac"]
    z = model.fusion(model.encode(batch), half).mean
    expected = -model.log_likelihood("atac", batch, z)[:3].sum() / 6
    torch.testing.assert_close(term, expected.detach())


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


def test_subset_elbo_is_reproducible_and_finite(model, batch):
    totals = [
        subset_elbo(model, batch, kl_weight=1.0, generator=torch.Generator().manual_seed(s)).total
        for s in (0, 0, 1)
    ]
    assert totals[0] == totals[1]
    assert totals[0] != totals[2]
    totals[0].backward()
    assert all(p.grad is None or torch.isfinite(p.grad).all() for p in model.parameters())
