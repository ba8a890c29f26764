from dataclasses import replace

import mudata
import numpy as np
import pandas as pd
import pytest
import torch
from anndata import AnnData
from multiome2vec import api, keys
from multiome2vec.tasks.gene_embeddings import neighbours
from multiome2vec.tasks.loadings import COLUMNS, component_markers, linear_weights, loadings
from scipy import sparse
from tiny_model import SPECS, build

CELLS, GENES = 500, 80


@pytest.fixture(scope="module")
def planted():
    """Counts whose log-rates follow two factors, the first twice as strong."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=(CELLS, 2))
    weight = rng.normal(size=(GENES, 2)) * [1.0, 0.5]
    rate = np.exp(z @ weight.T + rng.normal(0, 0.5, GENES))
    counts = rng.poisson(2000 * rate / rate.sum(axis=1, keepdims=True))
    obs = pd.DataFrame(index=[f"c{i}" for i in range(CELLS)])
    rna = AnnData(
        sparse.csr_matrix(counts.astype(np.float32)),
        obs=obs,
        var=pd.DataFrame(index=[f"g{i}" for i in range(GENES)]),
    )
    rna.layers[keys.COUNTS] = rna.X.copy()
    return mudata.MuData({"rna": rna}), weight


SETTINGS = {
    "latent": 3, "hidden": [32], "max_epochs": 60, "batch_size": 32, "learning_rate": 5e-3,
    "kl_warmup_epochs": 5,
}  # fmt: skip


@pytest.fixture(scope="module")
def linear(planted):
    return api.train(planted[0], "ldvae", **SETTINGS)


def test_planted_factors_span_the_loadings(linear, planted):
    """Factors are found up to a rotation."""
    found, _ = api.loadings(linear, planted[0])
    assert found.explained["rna"].is_monotonic_decreasing
    assert found.explained["rna"].sum() == pytest.approx(1)
    weight = planted[1] - planted[1].mean(axis=0)
    values = found.values.to_numpy()
    fitted = values @ np.linalg.lstsq(values, weight, rcond=None)[0]
    correlations = [np.corrcoef(fitted[:, k], weight[:, k])[0, 1] for k in range(2)]
    assert min(correlations) > 0.9


def test_one_planted_factor_is_the_first_dimension(planted):
    mdata, weight = planted
    model = api.train(mdata, "ldvae", **{**SETTINGS, "latent": 1})
    found, markers = api.loadings(model, mdata, top=5)
    loading = found.values["z0"]
    assert abs(np.corrcoef(loading, weight[:, 0])[0, 1]) > 0.9
    rising = markers[markers["component"] == "z0+"]
    assert rising["feature"].tolist() == loading.loc["rna"].nlargest(5).index.tolist()
    falling = markers[markers["component"] == "z0-"]
    assert falling["feature"].tolist() == loading.loc["rna"].nsmallest(5).index.tolist()
    assert (falling["effect"] < 0).all()
    assert list(markers) == list(COLUMNS)


def test_finite_differences_of_a_linear_decoder_are_its_weights(linear, planted, monkeypatch):
    found, _ = api.loadings(linear, planted[0])
    network = linear.checkpoint.model
    exact = linear_weights(network, "rna")
    monkeypatch.setattr("multiome2vec.tasks.loadings.is_linear", lambda *_: False)
    means = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    means *= 1e-2 / means.std(axis=0)
    near = loadings(network, linear.checkpoint.names, means).values
    near = near[[f"z{d}" for d in range(3)]].to_numpy() / 1e-2
    np.testing.assert_allclose(near - near.mean(axis=0), exact, atol=2e-3)
    assert set(found.values.columns) == {"z0", "z1", "z2"}


@pytest.mark.parametrize(
    ("likelihood", "centred"),
    [
        ("bernoulli", False),
        ("gaussian", False),
        ("poisson", True),
        ("negative-binomial", True),
        ("zero-inflated-poisson", True),
    ],
)
def test_weights_are_centred_where_there_is_a_softmax(likelihood, centred, monkeypatch):
    """They are what a unit of z adds to the log-odds, to the values or to the log-rates."""
    spec = replace(SPECS["atac"], likelihood=likelihood, decoder="linear")
    monkeypatch.setitem(SPECS, "atac", spec)
    network = build("atac")
    points = torch.cat([torch.zeros(1, 2), torch.eye(2)])
    with torch.no_grad():
        outputs = network.outputs("atac", points, torch.zeros(3, 2))
        parameters = network.likelihoods["atac"].distribution(outputs, torch.ones(3, 1))
    along = parameters[1 if likelihood == "zero-inflated-poisson" else 0]
    change = (along[1:] - along[0]).numpy().T
    found = linear_weights(network, "atac")
    if centred:
        np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-6)
        change -= change.mean(axis=0)
    else:
        assert np.abs(found.mean(axis=0)).max() > 0.01
    np.testing.assert_allclose(found, change, atol=1e-5)


def test_loadings_of_all_modalities_of_a_model_that_is_not_linear(model, mdata):
    found, markers = api.loadings(model, mdata, top=15)
    assert set(found.values.index.get_level_values("modality")) == set(keys.MODALITIES)
    np.testing.assert_allclose(found.explained.sum(), 1)
    assert np.isfinite(found.values.to_numpy()).all()
    first = markers[markers["modality"].eq("rna") & markers["component"].str.startswith("z")]
    strongest = first.groupby("component")["effect"].agg(lambda x: x.abs().mean()).idxmax()
    genes = set(first.loc[first["component"] == strongest, "feature"])
    planted = {f"gene{i}" for i in range(30)}  # those that tell types apart
    assert len(genes & planted) > 10


def test_components_are_told_by_the_features_that_were_planted(mixture, mdata):
    markers = component_markers(mixture.checkpoint.model, mixture.checkpoint.names, top=10)
    assert sorted(markers["component"].unique()) == ["c0", "c1", "c2", "c3"]
    assert markers.groupby(["component", "modality"]).size().eq(10).all()
    share = markers.groupby("component")["share"].first()
    assert share.sum() == pytest.approx(1, abs=1e-5)
    best = markers[markers["modality"].eq("rna") & markers["rank"].eq(1)]
    assert set(best.nlargest(1, "effect")["feature"]) <= {f"gene{i}" for i in range(30)}


def test_profiles_of_components_are_decoded_means(mixture):
    """The log2 ratio by hand."""
    network, names = mixture.checkpoint.model, mixture.checkpoint.names
    markers = component_markers(network, names, top=3)
    z = network.prior.component_means
    covariate = torch.full((len(z), 2), 0.5)
    with torch.no_grad():
        profile = network.expectation(
            "rna", z, covariate, torch.full((len(z), 1), 1e4), network.prior.responsibilities(z)
        ).numpy()
    profile = profile + 0.1 * profile.mean()
    ratio = np.log2(profile / profile.mean(axis=0))
    row = markers[markers["component"].eq("c2") & markers["modality"].eq("rna")]
    np.testing.assert_allclose(row["effect"], np.sort(ratio[2])[::-1][:3], rtol=1e-3)


def test_gene_embeddings_are_rows_of_the_decoder(model, linear, planted):
    table = api.gene_embeddings(model)
    assert table.shape == (60, 32)
    table = api.gene_embeddings(linear)
    assert table.shape == (GENES, 3)
    embedding = table.to_numpy() - table.to_numpy().mean(axis=0)
    nearest = neighbours(embedding, k=1).index[:, 0]
    weight = planted[1] - planted[1].mean(axis=0)
    unit = weight / np.linalg.norm(weight, axis=1, keepdims=True)
    assert (unit * unit[nearest]).sum(axis=1).mean() > 0.8
