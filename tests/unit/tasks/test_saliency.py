import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch
from multiome2vec import api, keys
from multiome2vec.errors import UserError
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.nn.sparse_rows import SparseRows
from multiome2vec.tasks.apply import prepare
from multiome2vec.tasks.saliency import Saliency, attributions, saliency, salient_regions
from multiome2vec.training.statistics import fit_statistics

CPU = torch.device("cpu")


def linear(model, data, *, standardise, kind):
    """The checkpoint with an encoder of regions that is linear, z = xW, and W [F, D]."""
    config = model.checkpoint.model.config
    spec = dataclasses.replace(config.modalities["atac"], standardise=standardise)
    config = dataclasses.replace(
        config, modalities={"atac": spec}, fusion="moe", norm="identity", activation="identity",
        dropout=0.0, batch_in_encoder=False,
    )  # fmt: skip
    torch.manual_seed(0)
    network = MultimodalVAE(config)
    parts = {
        name: {"atac": getattr(model.checkpoint, name)["atac"]} for name in ("features", "names")
    }
    checkpoint = dataclasses.replace(model.checkpoint, model=network, **parts)
    cells = prepare(checkpoint, data)
    atac = dataclasses.replace(cells.modalities["atac"], sparse=kind == "sparse")
    cells = dataclasses.replace(cells, modalities={"atac": atac})
    fit_statistics(network, cells, np.arange(len(cells)))
    encoder = network.encoders["atac"].eval()
    weight = encoder.trunk.input.linear.weight @ encoder.head.weight[: config.latent].T
    sd = encoder.standardise.sd.unsqueeze(1) if standardise else 1.0
    return checkpoint, cells, (weight / sd).detach().numpy()


@pytest.mark.parametrize("standardise", [False, True])
@pytest.mark.parametrize("kind", ["sparse", "dense"])
def test_attributions_to_a_linear_encoder_are_its_weights(
    model, mdata, monkeypatch, standardise, kind
):
    checkpoint, data, weight = linear(model, mdata, standardise=standardise, kind=kind)
    monkeypatch.setattr("multiome2vec.tasks.saliency.prepare", lambda *_, **__: data)
    found = saliency(checkpoint, mdata, np.arange(300), n_cells=300, steps=2, device="cpu")
    batch = data.batch(np.arange(300), CPU)
    encoder = checkpoint.model.encoders["atac"]
    x = encoder.transformed(batch)
    assert isinstance(x, SparseRows) == (kind == "sparse")
    x = (x.dense() if isinstance(x, SparseRows) else x).double().numpy()
    np.testing.assert_allclose(found.effect.loc["atac"], weight, rtol=1e-4, atol=1e-6)
    z = x @ weight
    covariance = (x - x.mean(axis=0)).T @ (z - z.mean(axis=0)) / len(z)
    expected = weight * covariance / z.var(axis=0)
    np.testing.assert_allclose(found.share.loc["atac"], expected, rtol=2e-3, atol=1e-5)
    np.testing.assert_allclose(found.share.sum(), 1, rtol=1e-3)


def test_attributions_of_a_cell_sum_to_its_distance_from_the_baseline(model, mdata):
    """Completeness, of three modalities in a product of experts that is far from linear."""
    network, data = model.checkpoint.model.cpu().eval(), prepare(model.checkpoint, mdata)
    batch = data.batch(np.arange(12), CPU)
    _, found = attributions(network, batch, steps=64)
    total = sum(part.flatten(2).sum(dim=2) for part in found.values())  # dense: [D, B]
    with torch.no_grad():
        here = network.infer(batch).mixture.mean
        means = {
            n: e.standardise.mean.expand_as(batch.values[n]) for n, e in network.encoders.items()
        }
        evidence = network.encode(dataclasses.replace(batch, values=means), transformed=list(means))
        baseline = network.prior(network.fuse(evidence, batch.present)).mixture.mean
    torch.testing.assert_close(total.T, here - baseline, rtol=0.02, atol=0.02)
    assert float((here - baseline).abs().max()) > 0.5


def test_what_a_cell_lacks_has_no_part(model, mdata):
    network, data = model.checkpoint.model.cpu().eval(), prepare(model.checkpoint, mdata)
    batch = data.batch(np.arange(6), CPU)
    present = batch.present.clone()
    present[:3, 1:] = False
    distances, found = attributions(network, dataclasses.replace(batch, present=present), steps=2)
    for name in ("atac", "motif"):
        assert not distances[name][:3].any()
        assert not found[name][:, :3].any()
        assert found[name][:, 3:].any()
    assert found["rna"][:, :3].any()


@pytest.mark.parametrize("which", ["model", "mixture"])
def test_planted_features_are_the_most_salient(which, mdata, request):
    model = request.getfixturevalue(which)
    before = [p.requires_grad for p in model.checkpoint.model.parameters()]
    found = api.saliency(model, mdata, n_cells=100, device="cpu")
    assert [p.requires_grad for p in model.checkpoint.model.parameters()] == before
    assert found.share.index.names == ["modality", "feature"]
    assert found.share.index.equals(found.effect.index)
    np.testing.assert_allclose(found.share.sum(), 1, rtol=0.1)
    planted = {"rna": {f"gene{i}" for i in range(30)}}
    planted["atac"] = {f"chr1:{500 * i}-{500 * i + 500}" for i in range(45)}
    for name, features in planted.items():
        top = found.share.loc[name].mean(axis=1).nlargest(8).index
        assert len(set(top) & features) >= 7
    bed = salient_regions(found, top=1 / 90)  # the best of each dimension
    assert len(bed) == found.share.shape[1]
    assert (bed["start"] < 500 * 45).mean() >= 0.75


def test_regions_as_bed():
    names = [f"chr{c}:{s}-{s + 100}" for c in (2, 1) for s in (900, 100)]
    index = pd.MultiIndex.from_product([["atac"], names], names=["modality", "feature"])
    share = pd.DataFrame({"z0": [0.1, 0.4, -0.9, 0.2], "z1": [0.3, 0, 0, 0.03]}, index=index)
    effect = pd.DataFrame({"z0": [0.5, -2.0, 0.1, 1.0], "z1": [3.0, 0, 0, -0.3]}, index=index)
    bed = salient_regions(Saliency(share, effect), top=0.5)
    assert [tuple(row) for row in bed.itertuples(index=False)] == [
        ("chr1", 100, 200, "z0+", 500, "."),
        ("chr1", 100, 200, "z1-", 100, "."),
        ("chr2", 100, 200, "z0-", 1000, "."),
        ("chr2", 900, 1000, "z1+", 1000, "."),
    ]


@pytest.mark.parametrize("which", ["model", "mixture"])
def test_labels_are_told_apart_by_their_planted_features(which, mdata, request):
    """Only RNA tells A from B, only ATAC C from D; B has genes 15 to 29 raised, D regions 20 on."""
    model = request.getfixturevalue(which)
    labels = mdata.obs[keys.TRUE_TYPE].astype(str).to_numpy().astype(object)
    labels[labels == "C"] = keys.UNLABELLED
    found = api.saliency(model, mdata, n_cells=150, labels=labels, device="cpu")
    assert list(found.labels) == ["A", "B", "D"]
    assert found.labels.index.equals(found.share.index)
    np.testing.assert_allclose(found.labels.sum(), 1, rtol=0.1)
    planted = {("B", "rna"): range(30), ("D", "atac"): range(45)}
    for (label, name), numbers in planted.items():
        column = found.labels.loc[name, label].reset_index(drop=True)
        assert set(column.nlargest(6).index) <= set(numbers)
    bed = salient_regions(found, of="labels", top=0.1)
    assert set(bed["name"]) == {"A", "B", "D"}
    own = bed[bed["name"] == "D"]
    assert len(own) == 9
    assert own["start"].lt(500 * 45).mean() > 0.8


def test_labels_that_are_few_or_all_make_no_contrast(model, mdata):
    labels = np.full(mdata.n_obs, "all")
    found = api.saliency(model, mdata, n_cells=10, steps=2, labels=labels, device="cpu")
    assert found.labels.shape == (len(found.share), 0)
    assert salient_regions(found, of="labels").empty
    plain = api.saliency(model, mdata, n_cells=10, steps=2, device="cpu")
    pd.testing.assert_frame_equal(plain.share, found.share)
    with pytest.raises(UserError, match="no regions of labels: give dimensions, or labels of"):
        salient_regions(plain, of="labels")


def test_what_has_no_regions_is_refused():
    index = pd.MultiIndex.from_product([["rna"], ["g1"]], names=["modality", "feature"])
    found = Saliency(*[pd.DataFrame({"z0": [1.0]}, index=index)] * 2)
    with pytest.raises(UserError, match="no modality 'atac'"):
        salient_regions(found)
    with pytest.raises(UserError, match="'g1' is not a region"):
        salient_regions(found, modality="rna")
    with pytest.raises(UserError, match="share of salient regions is 0"):
        salient_regions(found, top=0)


def test_cells_are_of_the_training(model, mdata):
    other = mdata.copy()
    other.obs_names = [f"new{i}" for i in range(len(other.obs))]
    for name in keys.MODALITIES:
        other[name].obs_names = other.obs_names
    with pytest.raises(UserError, match="None of these cells was learnt from"):
        api.saliency(model, other)
