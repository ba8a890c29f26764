"""Steps that apply a trained model: files in, files out."""

import json

import pandas as pd
import pytest
import torch
from anndata.io import read_zarr
from multiome2vec import keys
from multiome2vec.errors import ContractError, UserError
from multiome2vec.steps.embed_cells import embed_cells
from multiome2vec.steps.impute import impute
from multiome2vec.steps.loadings import loadings
from multiome2vec.steps.match import match
from multiome2vec.steps.predict import predict
from multiome2vec.steps.reconstruct import reconstruct
from multiome2vec.steps.saliency import saliency, saliency_regions
from multiome2vec.steps.train import train
from multiome2vec.tasks.model import FILES, Model
from toy_multiome import toy_multiome


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    mdata = toy_multiome(cells=100)
    mdata.obs[keys.LABEL] = mdata.obs[keys.TRUE_TYPE]
    mdata.write_h5mu(folder / "multiome.h5mu")
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


def test_reconstructions_are_scored_and_drawn(files, tmp_path):
    out = {name: tmp_path / f"{name}.tsv" for name in ("features", "cells")}
    out |= {"figure": tmp_path / "figure.png", "out": tmp_path / "scores.json"}
    reconstruct(**files, **out, hidden=0.2)
    scores = json.loads(out["out"].read_text())
    assert list(scores) == ["atac", "motif", "rna"]  # JSON is sorted
    for found in scores.values():
        assert (found["n_cells"], found["hidden_share"]) == (10, 0.2)
        assert set(found["model"]) == set(found["baseline"]) > {"mse", "mae", "masked_mse"}
    features = pd.read_csv(out["features"], sep="\t")
    assert features["modality"].value_counts().to_dict() == {"atac": 90, "rna": 60, "motif": 12}
    cells = pd.read_csv(out["cells"], sep="\t")
    assert cells.groupby("modality").size().tolist() == [10, 10, 10]
    by_cell = cells[cells["modality"] == "rna"]["mse"].mean()
    assert by_cell == pytest.approx(scores["rna"]["model"]["mse"])
    assert out["figure"].read_bytes().startswith(b"\x89PNG")


def test_saliency_and_its_regions(files, tmp_path):
    names = ("out", "effects", "labels")
    out = {name: tmp_path / f"{name}.tsv.gz" for name in names}
    saliency(**files, **out, n_cells=40)
    tables = {name: pd.read_csv(path, sep="\t") for name, path in out.items()}
    assert list(tables["labels"])[2:] == list("ABCD")
    assert list(tables["out"])[2:] == ["z0", "z1", "z2"]
    beds = {name: tmp_path / f"{name}.bed" for name in ("by_dimension", "by_label")}
    saliency_regions(
        shares=out["out"], effects=out["effects"], labels=out["labels"], **beds, top=0.1
    )
    names = {name: pd.read_csv(path, sep="\t", header=None)[3] for name, path in beds.items()}
    assert names["by_label"].value_counts().to_dict() == dict.fromkeys("ABCD", 9)
    assert set(names["by_dimension"].str[:-1]) == {"z0", "z1", "z2"}


def test_a_split_of_other_cells_is_refused(files, tmp_path):
    text = files["splits"].read_text().replace("s1#7\t", "s1#x\t")
    (tmp_path / "splits.tsv").write_text(text)
    with pytest.raises(ContractError, match="lacks 1 cell"):
        predict(**{**files, "splits": tmp_path / "splits.tsv"}, out=tmp_path / "predict.json")
