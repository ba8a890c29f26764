import json
import tracemalloc

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.embedding import embedding_object
from multiome2vec.io.multiome import read_multiome
from multiome2vec.matrices import assemble
from multiome2vec.steps.embed_cells import embed_cells
from multiome2vec.steps.train import train
from multiome2vec.tasks.embed import embed
from multiome2vec.training.checkpoint import load
from toy_multiome import toy_multiome

HYPER = {"hidden": [16], "latent": 4, "max_epochs": 3}


@pytest.fixture
def mdata(tmp_path):
    mdata = toy_multiome(cells=80)
    mdata.obs[keys.LABEL] = mdata.obs[keys.TRUE_TYPE]
    mdata.write_h5mu(tmp_path / "multiome.h5mu")
    return mdata


def run(folder, name, preset="trivae", **options):
    paths = {"weights": folder / f"{name}.safetensors", "card": folder / f"{name}.json"}
    source = folder / "multiome.h5mu"
    train(
        mdata=source,
        **paths,
        history=folder / f"{name}.tsv",
        splits=folder / f"{name}.splits.tsv",
        preset=preset,
        hyper=HYPER,
        seed=7,
        **options,
    )
    return embedded(folder, name, preset)


def embedded(folder, name, preset="trivae"):
    paths = {"weights": folder / f"{name}.safetensors", "card": folder / f"{name}.json"}
    source, out = folder / "multiome.h5mu", folder / f"{name}.h5ad"
    embed_cells(mdata=source, **paths, model=preset, out=out)
    return ad.read_h5ad(out)


def test_outputs(mdata, tmp_path):
    embedding = run(tmp_path, "first")
    assert embedding.shape == (80, 4)
    assert embedding.X.dtype == np.float32
    assert embedding.obs_names.equals(mdata.obs_names)
    assert {keys.LABEL, keys.BATCH, keys.TRUE_TYPE} <= set(embedding.obs)
    assert embedding.obs[keys.TRUE_TYPE].tolist() == mdata.obs[keys.TRUE_TYPE].tolist()
    assert embedding.uns[keys.PROVENANCE]["seed"] == 7
    card = json.loads((tmp_path / "first.json").read_text())
    assert card["split"]["train"] == 72
    assert card["split"]["by"] == "cell"
    assert card["batches"] == ["s1", "s2"]
    assert card["features"]["rna"]["used"] == 60
    history = pd.read_csv(tmp_path / "first.tsv", sep="\t")
    assert history["epoch"].tolist() == [1, 2, 3]


def test_two_runs_write_the_same_files(mdata, tmp_path):
    first, second = run(tmp_path, "first"), run(tmp_path, "second")
    np.testing.assert_array_equal(first.X, second.X)
    for kind in ("safetensors", "json", "tsv", "splits.tsv"):
        assert (tmp_path / f"first.{kind}").read_bytes() == (
            tmp_path / f"second.{kind}"
        ).read_bytes()


def test_the_card_says_how_cells_were_shuffled(mdata, tmp_path):
    for backend, order in (("memory", "of all cells"), ("backed", "by blocks")):
        run(tmp_path, backend, backend=backend)
        assert json.loads((tmp_path / f"{backend}.json").read_text())["order"] == order


@pytest.mark.parametrize("column", [keys.DONOR, keys.BATCH])
def test_groups_are_learnt_from_or_held_out(mdata, tmp_path, column):
    mdata.obs[keys.DONOR] = [f"d{i % 9}" for i in range(80)]
    mdata.write_h5mu(tmp_path / "multiome.h5mu")
    run(tmp_path, "first", split_by=column)
    parts = pd.read_csv(tmp_path / "first.splits.tsv", sep="\t")["split"].to_numpy()
    train, validation = (set(mdata.obs[column][parts == p]) for p in ("train", "validation"))
    assert train
    assert validation
    assert not train & validation
    assert json.loads((tmp_path / "first.json").read_text())["split"]["by"] == column


def test_a_split_by_donor_needs_donors(mdata, tmp_path):
    with pytest.raises(UserError, match="obs has no column 'donor' to split by: batch, .*by cell"):
        run(tmp_path, "first", split_by=keys.DONOR)
    mdata.obs[keys.DONOR] = ["d1", "", "d2", "d3"] * 20
    mdata.write_h5mu(tmp_path / "multiome.h5mu")
    with pytest.raises(UserError, match="'donor' is empty for 20 cells, s1#1 first"):
        run(tmp_path, "first", split_by=keys.DONOR)


def test_cells_without_any_modality_of_the_model_are_left_out(mdata, tmp_path, caplog):
    lacking = np.arange(80) % 4 == 0
    parts = {name: mdata[name].copy() for name in ("atac", "motif")}
    parts["rna"] = mdata["rna"][~lacking].copy()
    assemble(parts, obs=mdata.obs).write_h5mu(tmp_path / "multiome.h5mu")
    embedding = run(tmp_path, "first", preset="count-vae")
    assert embedding.obs_names.tolist() == mdata.obs_names[~lacking].tolist()
    assert embedding.obs[keys.HAS["rna"]].all()
    splits = pd.read_csv(tmp_path / "first.splits.tsv", sep="\t", keep_default_na=False)
    assert (splits["split"] == "").tolist() == lacking.tolist()
    assert "20 of 80 cells have no rna: left out" in caplog.text
    assert run(tmp_path, "second").n_obs == 80


def test_cells_are_embedded_from_the_file_as_from_memory(mdata, tmp_path):
    found = run(tmp_path, "first")
    checkpoint = load(tmp_path / "first.safetensors", tmp_path / "first.json")
    held = read_multiome(tmp_path / "multiome.h5mu")
    expected = embedding_object(embed(checkpoint, held), obs=held.obs, model="trivae", seed=7)
    np.testing.assert_array_equal(found.X, expected.X)
    pd.testing.assert_frame_equal(found.obs, expected.obs)


def test_what_no_model_uses_is_not_read_to_embed_cells(mdata, tmp_path):
    run(tmp_path, "first")
    mdata["rna"].obsm["unused"] = np.zeros((80, 50_000))
    mdata.write_h5mu(tmp_path / "multiome.h5mu", compression="gzip")
    tracemalloc.start()
    embedded(tmp_path, "first")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < mdata["rna"].obsm["unused"].nbytes
