"""Commands before and after a model: cells, pseudobulks, scores and figures."""

import json

import anndata as ad
import h5py
import mudata
import numpy as np
import pandas as pd
import pytest
from multiome2vec import api, keys
from multiome2vec.cli import main
from multiome2vec.data.readers import read_dataset
from multiome2vec.preprocess import N_REGIONS
from scipy import sparse
from toy_multiome import toy_multiome
from toy_tenx import write_h5

PNG = b"\x89PNG"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A file of RNA and ATAC as scanpy reads one of Cell Ranger, with three genes of its own."""
    folder = tmp_path_factory.mktemp("cells")
    mdata = toy_multiome(cells=80)
    parts = [mdata[name].layers[keys.COUNTS] for name in (keys.RNA, keys.ATAC)]
    extra = np.zeros((80, 3), np.int32)
    extra[:, 0] = 5  # mitochondrial, of 300 counts or so
    extra[:4, 0] = 900
    extra[:2, 1] = 1  # in two cells only
    matrix = sparse.hstack([sparse.csr_matrix(extra), *parts]).tocsr()
    matrix[10, 3:63] = 0  # a cell with next to no genes
    matrix.eliminate_zeros()
    names = ["MT-CO1", "RARE", "NEVER", *mdata[keys.RNA].var_names, *mdata[keys.ATAC].var_names]
    types = ["Gene Expression"] * 63 + ["Peaks"] * 90
    donors = np.array(["d1", "d2"])[np.arange(80) // 4 % 2]
    obs = pd.DataFrame({"donor": donors, "kind": mdata.obs[keys.TRUE_TYPE].to_numpy()})
    obs.index = [f"c{i}" for i in range(80)]
    var = pd.DataFrame({keys.FEATURE_TYPES: types}, index=names)
    ad.AnnData(matrix.astype(np.float32), obs=obs, var=var).write_h5ad(folder / "raw.h5ad")
    assert main(["preprocess", str(folder / "raw.h5ad"), *LIMITS, "--quiet",
                 "--out", str(folder / "cells.h5mu")]) == 0  # fmt: skip
    return folder


LIMITS = ["--min-genes", "20", "--max-pct-mt", "50", "--counting", "fragment", "--top-genes", "30"]


def test_raw_counts_become_cells_that_train(folder):
    with mudata.set_options(pull_on_update=False):
        found = mudata.read_h5mu(folder / "cells.h5mu")
    rna, atac = found[keys.RNA], found[keys.ATAC]
    left_out = {*(f"c{i}" for i in range(4)), "c10"}
    assert set(found.obs_names) == {f"c{i}" for i in range(80)} - left_out
    second = found.obs_names.str[1:].astype(int) // 4 % 2 == 1
    assert list(found.obs["donor"]) == np.where(second, "d2", "d1").tolist()
    assert "RARE" not in rna.var_names
    assert "NEVER" not in rna.var_names
    counts = rna.layers[keys.COUNTS].toarray().astype(float)
    expected = np.log1p(1e4 * counts / counts.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(rna.X.toarray(), expected, rtol=1e-4)
    assert rna.var[keys.HIGHLY_VARIABLE].sum() == 30
    assert atac.uns[keys.COUNTING] == "fragment"
    assert list(atac.var)[:3] == [keys.CHROM, keys.START, keys.END]
    assert (found.obs[N_REGIONS] == (atac.layers[keys.COUNTS] > 0).sum(axis=1).A1).all()
    model = api.train(found, latent=3, hidden=[8], max_epochs=1, kl_warmup_epochs=0)
    assert api.embed(model, folder / "cells.h5mu").shape == (75, 3)


def test_files_of_cell_ranger_count_insertions(tmp_path):
    write_h5(tmp_path / "raw.h5", [f"c{i}" for i in range(60)])
    limits = ["--min-genes", "0", "--min-cells", "1", "--out", str(tmp_path / "cells.h5mu")]
    assert main(["preprocess", str(tmp_path / "raw.h5"), *limits]) == 0
    with h5py.File(tmp_path / "cells.h5mu") as file:
        assert file["mod/atac/uns/counting"].asstr()[()] == keys.INSERTION
    limits[-1] = str(tmp_path / "rna.h5mu")
    assert main(["preprocess", str(tmp_path / "raw.h5"), *limits, "--modality", "rna"]) == 0
    assert list(read_dataset(tmp_path / "rna.h5mu").modalities) == [keys.RNA]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--counting", "fragment", "--min-genes", "5000"], "No cell is within the limits"),
        ([], "unit of the ATAC counts is not stated"),
    ],
)
def test_what_cannot_be_preprocessed_is_told(folder, capsys, options, message):
    command = ["preprocess", str(folder / "raw.h5ad"), "--out", str(folder / "x"), *options]
    assert main(command) == 2
    assert message in capsys.readouterr().err
    assert not (folder / "x").exists()


def test_pseudobulks_and_mixtures_are_written_and_train(folder):
    data, bulk, mixed = (
        str(folder / f"{name}") for name in ("cells.h5mu", "bulk.h5ad", "mix.h5ad")
    )
    options = ["--label", "kind", "--min-cells", "2", "--mixtures", mixed, "--per-donor", "15"]
    assert main(["pseudobulk", data, "--out", bulk, *options, "--quiet"]) == 0
    sums, cells = ad.read_h5ad(bulk), mudata.read_h5mu(data)
    counts = cells[keys.RNA].layers[keys.COUNTS]
    use = ((cells.obs["donor"] == "d1") & (cells.obs["kind"] == "C")).to_numpy()
    row = sums[(sums.obs["donor"] == "d1") & (sums.obs["label"] == "C")]
    np.testing.assert_array_equal(row.layers[keys.COUNTS].toarray()[0], counts[use].sum(axis=0).A1)
    assert row.obs["cells"].tolist() == [use.sum()]
    mixtures = ad.read_h5ad(mixed)
    assert mixtures.n_obs == 30
    np.testing.assert_allclose(mixtures.obsm["proportions"].sum(axis=1), 1)
    before = ad.read_h5ad(mixed).X.toarray()
    assert main(["pseudobulk", data, "--out", bulk, *options, "--quiet"]) == 0
    np.testing.assert_array_equal(ad.read_h5ad(mixed).X.toarray(), before)
    tiny = {"latent": 2, "hidden": [8], "max_epochs": 1}
    assert api.train(mixed, "gtex", **tiny).card["features"]["rna"]["kind"] == "continuous"
    terms = {"contrastive": 0, "augmented": 0, "donor": 1.0}
    settings = {**tiny, "projection": 4, "terms": terms, "kl_warmup_epochs": 0, "batch_size": 8}
    history = api.train(bulk, "contrastive", batch_key=None, **settings).history
    assert (history["train_donor_chance"] > 0).all()


def test_pseudobulks_need_counts_and_columns(folder, capsys):
    data = str(folder / "cells.h5mu")
    for options, message in (
        (["--label", "type"], "obs has no column 'type'"),
        (["--label", "kind", "--modality", "adt"], "has no modality 'adt'"),
    ):
        assert main(["pseudobulk", data, "--out", str(folder / "none.h5ad"), *options]) == 2
        assert message in capsys.readouterr().err


def test_features_of_groups_are_ranked(folder):
    """Regions 20 to 44 are raised in D."""
    table = folder / "differential.tsv"
    cells = ad.read_h5ad(folder / "raw.h5ad")
    cells.write_zarr(folder / "raw.zarr")
    for file in ("raw.h5ad", "raw.zarr"):
        command = ["differential", str(folder / file), "--label", "kind", "--out", str(table)]
        assert main([*command, "--quiet"]) == 0
        found = pd.read_csv(table, sep="\t").query("group == 'D' and log2fc > 0")
        best = found.sort_values("pvalue")["feature"].head(10)
        raised = {f"chr1:{500 * i}-{500 * i + 500}" for i in range(45)}
        assert set(best) <= raised


@pytest.fixture(scope="module")
def embedding(folder):
    """Four far groups, which the labels are."""
    kind = np.repeat(list("ABCD"), 15)
    values = 20 * np.eye(4, 5)[np.repeat(range(4), 15)] + np.random.default_rng(0).normal(
        size=(60, 5)
    )
    obs = pd.DataFrame({"kind": kind}, index=[f"c{i}" for i in range(60)])
    path = folder / "embedding.h5ad"
    ad.AnnData(values.astype(np.float32), obs=obs).write_h5ad(path)
    return str(path)


def test_embeddings_are_scored(folder, embedding, capsys):
    table = folder / "clusters.tsv"
    command = ["evaluate", embedding, "--label", "kind", "--metrics", "ari", "phase", "--quiet"]
    assert main([*command, "--clusters", str(table)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["against"]["label"]["ari"] == 1
    assert list(found["undefined"]) == ["phase"]
    assert found["shape"]["best_k"] == 4
    curve = pd.read_csv(table, sep="\t", index_col="k")
    assert curve["silhouette"].idxmax() == curve["calinski_harabasz"].idxmax() == 4
    other = ["--obs", str(folder / "raw.h5ad"), "--label", "kind", "--batch", "donor"]
    assert main(["evaluate", embedding, *other, "--metrics", "ari", "ilisi", "--quiet"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["against"]["label"]["ari"] < 0.2  # the cells of the raw file come in turn
    assert found["batch"]["ilisi"] > 0.8
    assert main(["evaluate", embedding, "--label", "type"]) == 2
    assert "obs has no column 'type': kind" in capsys.readouterr().err


@pytest.mark.parametrize("dimensions", [2, 3])
def test_maps_are_drawn(folder, embedding, dimensions):
    out, table = folder / "maps.png", folder / "maps.tsv"
    options = ["--label", "kind", "--dimensions", str(dimensions), "--coordinates", str(table)]
    assert main(["plot", "maps", embedding, *options, "--out", str(out), "--quiet"]) == 0
    assert out.read_bytes().startswith(PNG)
    points = pd.read_csv(table, sep="\t", index_col="cell")
    assert points.shape == (60, 3 * dimensions)
    for name in ("pca", "umap", "tsne"):
        columns = [f"{name}{i + 1}" for i in range(dimensions)]
        centres = points[columns].groupby(np.repeat(list("ABCD"), 15)).mean()
        own = centres.loc[np.repeat(list("ABCD"), 15)].to_numpy()
        within = np.linalg.norm(points[columns] - own, axis=1).mean()
        assert np.linalg.norm(centres.loc["A"] - centres.loc["B"]) > within


def test_shapes_and_trainings_are_drawn(folder, embedding):
    history = pd.DataFrame({"epoch": [1, 2], "train_loss": [3.0, 2.0], "val_loss": [3.0, 2.5]})
    history.to_csv(folder / "history.tsv", sep="\t", index=False)
    for name, file in (("shape", embedding), ("history", str(folder / "history.tsv"))):
        out = folder / f"{name}.png"
        assert main(["plot", name, file, "--out", str(out), "--quiet"]) == 0
        assert out.read_bytes().startswith(PNG)
