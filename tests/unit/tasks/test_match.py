import anndata as ad
import mudata
import numpy as np
import pandas as pd
import pytest
from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.scores.matching import matching
from multiome2vec.tasks.apply import prepare
from multiome2vec.tasks.match import match, match_all
from multiome2vec.tasks.model import Model
from multiome2vec.training.inference import latent
from scipy import sparse
from toy_presets import short


def test_held_out_cells_are_nearer_to_themselves_than_by_chance(model, mdata):
    split = model.split(mdata.obs_names)
    found = match_all(model.checkpoint, mdata, split, optimal=True)
    assert list(found) == ["rna_atac"]
    n, scores = found["rna_atac"]["n_cells"], found["rna_atac"]["latent"]
    assert n == len(split.validation)
    assert scores["foscttm"] < 0.4
    assert scores["top5_forward"] > 5 / n
    assert {"hungarian_top1", "transport_match_probability"} <= set(scores)
    assert "projection" not in found["rna_atac"]


def cells_along_three_axes(n=400):
    """RNA and ATAC of cells at points z [n, 3], which both follow."""
    rng = np.random.default_rng(0)
    z, parts = rng.normal(size=(n, 3)), {}
    obs = pd.DataFrame(index=[f"c{i}" for i in range(n)])
    names = {
        keys.RNA: [f"gene{i}" for i in range(100)],
        keys.ATAC: [f"chr1:{500 * i}-{500 * i + 500}" for i in range(300)],
    }
    for name, features in names.items():
        rate = np.exp(0.7 * z @ rng.normal(size=(3, len(features))))
        x = sparse.csr_matrix(rng.poisson(2000 * rate / rate.sum(axis=1, keepdims=True)))
        x = x.astype(np.float32)
        var = pd.DataFrame(index=features)
        parts[name] = ad.AnnData(x, obs=obs.copy(), var=var, layers={keys.COUNTS: x})
    parts[keys.ATAC].uns[keys.COUNTING] = keys.FRAGMENT
    return mudata.MuData(parts)


def test_held_out_cells_find_themselves_where_modalities_agree():
    mdata = cells_along_three_axes()
    trained = short("trivae", mdata, batch_key=None, max_epochs=20)
    model = Model.from_trained(trained, preset="trivae")
    found = match_all(model.checkpoint, mdata, model.split(mdata.obs_names))
    assert found["rna_atac"]["n_cells"] == len(trained.split.validation)
    assert found["rna_atac"]["latent"]["foscttm"] < 0.1  # .5 by chance


@pytest.mark.parametrize("measure", ["cosine", "euclidean"])
def test_scores_are_of_the_means_of_either_source(model, mdata, measure):
    cells = np.arange(50)
    data, network = prepare(model.checkpoint, mdata), model.checkpoint.model
    pair = [latent(network, data, cells, sources=[name]).mean for name in ("rna", "atac")]
    expected = matching(*pair, measure=measure, temperature=0.5)
    found = match(model.checkpoint, mdata, cells, measure=measure, temperature=0.5)
    assert found["latent"] == pytest.approx(expected, rel=1e-4)
    assert (found["measure"], found["temperature"]) == (measure, 0.5)


def test_a_contrastive_model_matches_in_its_own_space_too(contrastive, mdata):
    found = match(contrastive.checkpoint, mdata, np.arange(60))
    assert found["projection"]["foscttm"] < 0.5
    assert found["projection"] != found["latent"]


def test_what_cannot_be_matched(model, mdata):
    with pytest.raises(UserError, match="atac and motif are not two sources"):
        match(model.checkpoint, mdata, np.arange(9), left="atac", right="motif")
    found = match(model.checkpoint, mdata, np.arange(1))
    assert found["undefined"] == "fewer than two cells have both rna and atac"
