"""Steps that apply a trained model: files in, files out."""

import json

import pandas as pd
import pytest
import torch
from anndata.io import read_zarr
from multiome2vec.errors import ContractError, UserError
from multiome2vec.steps.embed_cells import embed_cells
from multiome2vec.steps.impute import impute
from multiome2vec.steps.loadings import loadings
from multiome2vec.steps.match import match
from multiome2vec.steps.predict import predict
from multiome2vec.steps.train import train
from multiome2vec.tasks.model import FILES, Model
from toy_multiome import toy_multiome


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    toy_multiome(cells=100).write_h5mu(folder / "multiome.h5mu")
    paths = {name: folder / file for name, file in FILES.items()}
    train(
        mdata=folder / "multiome.h5mu",
        **paths,
        preset="trivae",
        hyper={"hidden": [16], "latent": 3, "max_epochs": 2},
        seed=1,
    )
    del paths["history"]
    return {"mdata": folder / "multiome.h5mu", **paths}


def test_files_are_those_of_a_model(files):
    model = Model.load(files["weights"].parent)
    assert model.card["preset"] == "trivae"
    assert (model.parts == "validation").sum() == 10


def test_imputed_values(files, tmp_path):
    files = {name: path for name, path in files.items() if name != "splits"}
    for modality, shape in {"rna": (100, 60), "atac": (100, 90)}.items():
        out = tmp_path / f"{modality}.zarr"
        impute(**files, modality=modality, quantile=0.95, out=out)
        assert read_zarr(out).shape == shape


def test_predictions_and_matching(files, tmp_path):
    predict(**files, out=tmp_path / "predict.json")
    scores = json.loads((tmp_path / "predict.json").read_text())
    assert {name: entry["n_cells"] for name, entry in scores.items()} == {
        "rna_to_atac": 10,
        "atac_to_rna": 10,
    }
    match(**files, out=tmp_path / "match.json")
    assert json.loads((tmp_path / "match.json").read_text())["rna_atac"]["n_cells"] == 10


def test_the_device_reaches_every_task(files, tmp_path, monkeypatch):
    """One that is not there is refused, the CPU does what `auto` does on it."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    paths = {name: path for name, path in files.items() if name != "splits"}
    out = tmp_path / "out.h5ad"
    tasks = {
        embed_cells: {**paths, "model": "trivae"},
        impute: {**paths, "modality": "rna", "quantile": 0.95},
        predict: files,
        match: files,
        loadings: {**files, "markers": tmp_path / "markers.tsv"},
    }
    for task, arguments in tasks.items():
        with pytest.raises(UserError, match="torch sees no GPU. Set device to 'auto'"):
            task(**arguments, out=out, device="cuda")
        assert not out.exists()
        task(**arguments, out=out, device="cpu")
        out.unlink()


def test_loadings_and_markers(files, tmp_path):
    loadings(**files, out=tmp_path / "loadings.tsv", markers=tmp_path / "markers.tsv")
    table = pd.read_csv(tmp_path / "loadings.tsv", sep="\t")
    assert list(table)[:2] == ["modality", "feature"]
    assert sorted(list(table)[2:]) == ["z0", "z1", "z2"]
    markers = pd.read_csv(tmp_path / "markers.tsv", sep="\t")
    assert set(markers["component"]) == {f"z{d}{sign}" for d in range(3) for sign in "+-"}


def test_a_split_of_other_cells_is_refused(files, tmp_path):
    text = files["splits"].read_text().replace("s1#7\t", "s1#x\t")
    (tmp_path / "splits.tsv").write_text(text)
    with pytest.raises(ContractError, match="lacks 1 cell"):
        predict(**{**files, "splits": tmp_path / "splits.tsv"}, out=tmp_path / "predict.json")
