from dataclasses import replace

import anndata as ad
import mudata
import numpy as np
import pytest
import torch
from multiome2vec import keys
from multiome2vec.data.dataset import as_dataset
from multiome2vec.errors import ContractError, UserError
from multiome2vec.tasks.apply import expected, prepare, projected, root, unit
from multiome2vec.tasks.embed import embed
from multiome2vec.training.inference import latent
from torch.nn.functional import normalize


def query(mdata, *names, cells=slice(None)):
    """Return some cells and modalities, as another dataset would hold them."""
    with mudata.set_options(pull_on_update=False):
        part = mudata.MuData({name: mdata[name][cells].copy() for name in names})
    part.obs = mdata.obs.iloc[cells].copy()
    return part


def test_a_query_of_rna_alone_is_embedded_by_its_rna(model, mdata):
    found = embed(model.checkpoint, query(mdata, "rna", cells=slice(20)))
    every = embed(model.checkpoint, mdata, sources=["rna"])
    np.testing.assert_allclose(found, every[:20], atol=1e-5)
    assert not np.allclose(found, embed(model.checkpoint, mdata)[:20], atol=1e-2)


def test_features_are_taken_by_name_whatever_else_is_there(model, mdata):
    order = np.random.default_rng(0).permutation(mdata["rna"].n_vars)
    other = query(mdata, *keys.MODALITIES)
    spare = mdata["rna"][:, :3].copy()
    spare.var_names = [f"spare{i}" for i in range(3)]
    other.mod["rna"] = ad.concat([spare, mdata["rna"][:, order]], axis=1)
    np.testing.assert_allclose(
        embed(model.checkpoint, other), embed(model.checkpoint, mdata), atol=1e-5
    )


def test_data_without_anything_known_are_refused(model, mdata):
    nothing = replace(as_dataset(mdata), modalities={})
    with pytest.raises(ContractError, match="has none of them"):
        prepare(model.checkpoint, nothing)


def test_values_of_another_kind_are_refused(model, mdata):
    logs = query(mdata, "rna")
    del logs["rna"].layers[keys.COUNTS]
    with pytest.raises(ContractError, match="trained on counts of rna.*holds continuous"):
        prepare(model.checkpoint, logs)


def test_unknown_batches_are_refused_or_averaged(model, mdata):
    other = query(mdata, "rna", "atac", cells=slice(10))
    other.obs[keys.BATCH] = "new"
    with pytest.raises(UserError, match="knows no batch 'new'"):
        embed(model.checkpoint, other)
    found = embed(model.checkpoint, other, unknown_batches="average")
    assert np.isfinite(found).all()
    assert not np.allclose(found, embed(model.checkpoint, mdata)[:10], atol=1e-4)


def test_expected_counts_sum_to_the_library(model, mdata):
    data = prepare(model.checkpoint, mdata)
    cells, network = np.arange(5, 20), model.checkpoint.model
    [(index, values)] = expected(network, data, cells, target="rna", library=1e4)
    np.testing.assert_array_equal(index, cells)
    np.testing.assert_allclose(values.sum(axis=1), 1e4, rtol=1e-4)
    [(_, own)] = expected(network, data, cells, target="rna")
    library = mdata["rna"].layers[keys.COUNTS][5:20].sum(axis=1)
    np.testing.assert_allclose(own.sum(axis=1), np.ravel(library), rtol=1e-4)
    assert unit(network, data, "rna") == "counts per 10000 of the modelled features"
    assert unit(network, data, "motif") == "as in the data"


def test_root_of_a_derived_modality(model):
    network = model.checkpoint.model
    assert [root(network, name) for name in keys.MODALITIES] == ["rna", "atac", "atac"]
    with pytest.raises(UserError, match="no modality 'adt'"):
        root(network, "adt")


def test_projection_is_the_mean_of_the_heads(contrastive, mdata):
    data, network = prepare(contrastive.checkpoint, mdata), contrastive.checkpoint.model
    cells = np.arange(30)
    heads = []
    for head, source in zip(network.projections, ("rna", "atac"), strict=True):
        mean = latent(network, data, cells, sources=[source]).mean
        with torch.no_grad():
            heads.append(head(torch.from_numpy(mean)))
        alone = projected(network, data, cells, sources=[source])
        np.testing.assert_allclose(alone, heads[-1], atol=1e-5)
    both = projected(network, data, cells)
    np.testing.assert_allclose(both, normalize(sum(heads), dim=1), atol=1e-5)
    through_embed = embed(contrastive.checkpoint, mdata, space="projection")
    np.testing.assert_allclose(through_embed[:30], both, atol=1e-5)


def test_spaces_that_are_not_there(model, mdata):
    with pytest.raises(UserError, match="no projection heads"):
        embed(model.checkpoint, mdata, space="projection")
    with pytest.raises(UserError, match="no space 'umap'. Known: latent, projection"):
        embed(model.checkpoint, mdata, space="umap")
