import json
import subprocess
import sys

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import yaml
from anndata.io import read_zarr
from multiome2vec import api
from multiome2vec.cli import main
from multiome2vec.commands import setting
from multiome2vec.errors import UserError
from multiome2vec.presets import REGISTRY
from multiome2vec.tasks.model import FILES
from toy_multiome import toy_multiome

QUICK = ["latent=4", "hidden=[16]", "max_epochs=3", "learning_rate=3e-3", "terms={subset: 0.5}"]
SETTINGS = [part for text in QUICK for part in ("--set", text)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Data and a model trained by the command line."""
    folder = tmp_path_factory.mktemp("cli")
    toy_multiome(cells=120).write_h5mu(folder / "data.h5mu")
    command = ["train", str(folder / "data.h5mu"), "--out", str(folder / "model"), "--seed", "3"]
    assert main([*command, *SETTINGS, "--device", "cpu", "--resume", "--quiet"]) == 0
    return folder


def run(folder, name, *options):
    return main([name, str(folder / "data.h5mu"), "--model", str(folder / "model"), *options])


def test_presets_are_listed_and_shown(capsys):
    assert main(["presets"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == REGISTRY.names()
    assert all(len(line.split()) > 3 for line in lines)
    assert main(["presets", "gtex"]) == 0
    shown = yaml.safe_load(capsys.readouterr().out)
    assert (shown["latent"], shown["hidden"]) == (64, [4096, 2048, 1024, 512, 256])


def test_a_model_is_trained_as_by_the_api(folder):
    model = api.load(folder / "model")
    assert model.card["seed"] == 3
    assert not (folder / "model" / "resume").exists()
    settings = {"latent": 4, "hidden": [16], "max_epochs": 3, "learning_rate": 3e-3}
    other = api.train(folder / "data.h5mu", seed=3, terms={"subset": 0.5}, **settings)
    for name, tensor in other.checkpoint.model.state_dict().items():
        np.testing.assert_array_equal(model.checkpoint.model.state_dict()[name], tensor)


def test_cells_are_embedded(folder):
    assert run(folder, "embed", "--out", str(folder / "all.h5ad")) == 0
    assert run(folder, "embed", "--out", str(folder / "rna.h5ad"), "--source", "rna") == 0
    whole, rna = ad.read_h5ad(folder / "all.h5ad"), ad.read_h5ad(folder / "rna.h5ad")
    assert whole.shape == rna.shape == (120, 4)
    assert not np.allclose(whole.X, rna.X)


def test_values_are_imputed(folder):
    out = folder / "atac.zarr"
    options = ("--modality", "atac", "--quantile", "0.9", "--out", str(out))
    assert run(folder, "impute", *options) == 0
    np.testing.assert_array_equal(read_zarr(out).X.sum(axis=1), 9)
    assert run(folder, "impute", "--library", "median", "--out", str(folder / "rna.h5ad")) == 0
    assert ad.read_h5ad(folder / "rna.h5ad").shape == (120, 60)


def test_scores_are_printed_or_written(folder, capsys):
    assert run(folder, "predict") == 0
    assert set(json.loads(capsys.readouterr().out)) == {"rna_to_atac", "atac_to_rna"}
    out = folder / "match.json"
    assert run(folder, "match", "--optimal", "--out", str(out)) == 0
    assert "hungarian_top1" in json.loads(out.read_text())["rna_atac"]["latent"]
    options = ("--source", "rna", "--target", "atac", "--values", str(folder / "predicted.zarr"))
    assert run(folder, "predict", *options) == 0
    assert read_zarr(folder / "predicted.zarr").shape == (12, 90)


def test_loadings_are_written(folder):
    out, markers = folder / "loadings.tsv.gz", folder / "markers.tsv"
    options = ("--out", str(out), "--markers", str(markers), "--top", "3")
    assert run(folder, "loadings", *options) == 0
    table = pd.read_csv(out, sep="\t")
    assert table.shape == (60 + 90 + 12, 2 + 4)
    assert len(pd.read_csv(markers, sep="\t")) == 3 * 4 * 2 * 3


def test_saliency_is_written(folder):
    out, bed, effects = (folder / f"saliency.{name}" for name in ("tsv", "bed", "effects.tsv"))
    options = ("--top", "0.05", "--cells", "20", "--steps", "2", "--device", "cpu")
    files = ("--out", str(out), "--bed", str(bed), "--effects", str(effects))
    assert run(folder, "saliency", *options, *files) == 0
    for path in (out, effects):
        table = pd.read_csv(path, sep="\t")
        assert list(table) == ["modality", "feature", "z0", "z1", "z2", "z3"]
        assert len(table) == 60 + 90 + 12
    rows = [line.split("\t") for line in bed.read_text().splitlines()]
    assert len(rows) == 4 * 4
    assert {row[3][:-1] for row in rows} == {"z0", "z1", "z2", "z3"}
    assert [int(row[1]) for row in rows] == sorted(int(row[1]) for row in rows)


def test_reconstruction_is_scored(folder):
    out = {name: folder / f"reconstruction.{name}" for name in ("json", "tsv", "cells.tsv", "png")}
    options = ["--features", str(out["tsv"]), "--cells", str(out["cells.tsv"])]
    options += ["--figure", str(out["png"]), "--out", str(out["json"]), "--hidden", "0.3"]
    assert run(folder, "reconstruct", *options, "--device", "cpu") == 0
    scores = json.loads(out["json"].read_text())
    assert {name: entry["n_cells"] for name, entry in scores.items()} == {
        "rna": 12, "atac": 12, "motif": 12,
    }  # fmt: skip
    assert scores["rna"]["hidden_share"] == 0.3
    assert len(pd.read_csv(out["tsv"], sep="\t")) == 60 + 90 + 12
    assert len(pd.read_csv(out["cells.tsv"], sep="\t")) == 3 * 12
    assert out["png"].read_bytes().startswith(b"\x89PNG")


def test_saliency_of_labels_is_written(folder, capsys):
    table, bed = folder / "labels.tsv", folder / "labels.bed"
    options = ["--cells", "40", "--steps", "2", "--device", "cpu", "--out", str(folder / "s.tsv")]
    files = ["--labels", str(table), "--labels-bed", str(bed)]
    assert run(folder, "saliency", *options, *files, "--label", "true_type") == 0
    assert list(pd.read_csv(table, sep="\t"))[2:] == list("ABCD")
    assert len(bed.read_text().splitlines()) == 4
    assert run(folder, "saliency", *options, *files) == 2
    assert "obs has no column 'label' (--label)" in capsys.readouterr().err


def test_bulk_expression_becomes_a_model(tmp_path, capsys):
    rng = np.random.default_rng(0)
    genes = [f"ENSG{i:011d}.1" for i in range(40)]
    samples = [f"GTEX-A{i // 3}-000{i % 3}-SM" for i in range(60)]
    tpm = pd.DataFrame(rng.lognormal(1, 1.5, (40, 60)), index=genes, columns=samples)
    tpm.to_csv(tmp_path / "tpm.tsv", sep="\t", index_label="gene")
    (tmp_path / "coding.txt").write_text("\n".join(genes[:30]))
    bulk, model = str(tmp_path / "bulk.h5ad"), str(tmp_path / "model")
    options = ["--scale", "tpm", "--genes", str(tmp_path / "coding.txt"), "--out", bulk]
    assert main(["bulk", str(tmp_path / "tpm.tsv"), *options]) == 0
    options = ["--set", "latent=3", "--set", "hidden=[16]", "--set", "max_epochs=2"]
    options += ["--preset", "gtex", "--split-by", "donor", "--out", model]
    assert main(["train", bulk, *options]) == 0
    trained = api.load(model)
    assert trained.card["features"]["rna"]["kind"] == "continuous"
    assert trained.checkpoint.names["rna"].tolist() == [gene.split(".")[0] for gene in genes[:30]]
    donors = trained.parts.index.str.rsplit("-", n=2).str[0]
    assert trained.parts.groupby(donors).nunique().max() == 1
    assert set(trained.parts) == {"train", "validation"}
    assert api.embed(trained, bulk).shape == (60, 3)
    query = str(tmp_path / "query.h5ad")
    few = tpm.iloc[::-1].drop(index=genes[4])  # another order, one gene less
    few.to_csv(tmp_path / "few.tsv", sep="\t", index_label="gene")
    options = ["--scale", "tpm", "--model", model, "--out", query]
    assert main(["bulk", str(tmp_path / "few.tsv"), *options]) == 0
    found, before = ad.read_h5ad(query), ad.read_h5ad(bulk)
    assert found.var_names.equals(before.var_names)
    assert found.var_names[found.var["filled"]].tolist() == [genes[4].split(".")[0]]
    learnt_from = trained.parts.index[trained.parts == "train"]
    mean = before[learnt_from].X[:, 4].mean()
    np.testing.assert_allclose(found.X[:, 4], mean, rtol=1e-4)
    rest = ~found.var["filled"].to_numpy()
    np.testing.assert_array_equal(found.X[:, rest], before.X[:, rest])
    assert api.embed(trained, query).shape == (60, 3)
    few.iloc[:30].to_csv(tmp_path / "few.tsv", sep="\t", index_label="gene")
    assert main(["bulk", str(tmp_path / "few.tsv"), *options]) == 2
    assert "are not in the table, such as" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "latant=3"], "no hyperparameter 'latant'. Did you mean 'latent'?"),
        (["--set", "latent"], "--set latent: write KEY=VALUE"),
        (["--set", "terms={"], "the value is no YAML"),
        (["--set", "latent=wide"], "'latent' must be of type int"),
        (["--preset", "trivea"], "Did you mean 'trivae'?"),
        (["--split-by", "litter"], "obs has no column 'litter'"),
    ],
)
def test_errors_of_the_user_are_one_message(folder, capsys, arguments, message):
    command = ["train", str(folder / "data.h5mu"), "--out", str(folder / "none"), *arguments]
    assert main(command) == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert "Traceback" not in printed
    assert not (folder / "none").exists()


def test_missing_files_are_named(folder, capsys):
    assert main(["embed", "nowhere.h5mu", "--model", str(folder / "model"), "--out", "x"]) == 2
    assert "error: nowhere.h5mu does not exist." in capsys.readouterr().err
    assert run(folder, "impute", "--library", "much", "--out", "x.zarr") == 2
    assert "--library is a number or 'median'" in capsys.readouterr().err
    assert main(["match", "x", "--model", str(folder)]) == 2
    assert "holds no trained model" in capsys.readouterr().err


MODELS = ["train", "embed", "impute", "predict", "match", "reconstruct", "loadings", "saliency"]
CELLS = ["preprocess", "pseudobulk", "differential", "evaluate", "plot"]


@pytest.mark.parametrize("name", ["", *MODELS, *CELLS, "samples", "geo", "chromosome-names"])
def test_help_explains_every_option(capsys, name):
    with pytest.raises(SystemExit) as stop:
        main([name, "--help"] if name else ["--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert "None" not in text
    assert "False" not in text


def test_values_are_yaml():
    assert setting("learning_rate=1e-3") == ("learning_rate", 1e-3)
    assert setting("hidden=[8, 4]") == ("hidden", [8, 4])
    assert setting("prior=gmvae") == ("prior", "gmvae")
    assert setting("likelihood={counts: poisson}") == ("likelihood", {"counts": "poisson"})
    with pytest.raises(UserError, match="write KEY=VALUE"):
        setting("a b=3")


def test_as_a_program():
    command = [sys.executable, "-m", "multiome2vec"]
    done = subprocess.run([*command, "presets", "nothing"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("error: Unknown model 'nothing'")
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip().count(".") == 2


def test_of_several_processes_the_first_writes(folder):
    """Each prints the model if it writes it."""
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    out = folder / "two"
    command = ["-m", "multiome2vec", "train", str(folder / "data.h5mu"), "--out", str(out)]
    done = subprocess.run(
        [sys.executable, *launch, *command, *SETTINGS, "--device", "cpu", "--resume"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count("Model(trivae, seed 0") == 1
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES.values())
    assert api.embed(api.load(out), folder / "data.h5mu").shape == (120, 4)
