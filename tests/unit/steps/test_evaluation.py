"""From embeddings to scores, leaderboard and figures, on files."""

import json

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from multiome2vec import keys
from multiome2vec.metrics import REGISTRY
from multiome2vec.steps.baseline import baseline
from multiome2vec.steps.evaluate_embedding import evaluate_embedding
from multiome2vec.steps.leaderboard import leaderboard
from multiome2vec.steps.plot_embedding import plot_embedding, with_doublets_together
from multiome2vec.steps.plot_history import plot_history
from toy_multiome import toy_multiome

PNG = b"\x89PNG"
N = 120


def embedding(path, **obs):
    """Three far groups of 40 cells; two samples; labels are the groups."""
    rng = np.random.default_rng(0)
    values = np.repeat(30 * np.eye(3, 5), 40, axis=0) + rng.normal(size=(N, 5))
    table = {
        keys.LABEL: np.repeat(list("abc"), 40),
        keys.SAMPLE: np.tile(["s1", "s2"], 60),
        keys.BATCH: np.tile(["s1", "s2"], 60),
        keys.TOTAL_COUNTS: rng.integers(100, 900, N),
    }
    cells = ad.AnnData(
        values.astype(np.float32),
        obs=pd.DataFrame(table | obs, index=[f"s#{i}" for i in range(N)]),
    )
    cells.write_h5ad(path)
    return str(path)


def scores(path, out, *, metrics=None, model="m", seed=0) -> dict:
    evaluate_embedding(
        embedding=path,
        out=str(out),
        run={"dataset": "d", "model": model, "seed": seed},
        metrics=metrics or REGISTRY.names(),
        n_neighbors=10,
        seed=0,
    )
    return json.loads(out.read_text())


def test_scores_of_real_data(tmp_path):
    found = scores(embedding(tmp_path / "e.h5ad"), tmp_path / "s.json", seed=2)
    assert {key: found[key] for key in ("dataset", "model", "seed", "n_cells")} == {
        "dataset": "d",
        "model": "m",
        "seed": 2,
        "n_cells": N,
    }
    assert list(found["against"]) == [keys.LABEL]
    assert found["against"][keys.LABEL]["ari"] == 1
    assert found["batch"]["n_batches"] == 2
    assert found["batch"]["graph_connectivity"] == 1
    assert "trajectory" not in found
    assert "phase" not in found
    assert list(found["undefined"]) == ["phase"]
    assert "annotate.cell_cycle is null" in found["undefined"]["phase"]


def test_phases_of_the_cell_cycle_are_scored(tmp_path):
    """The three groups are the phases; cells without one do not count."""
    phases = np.repeat(["G1", "S", "G2M"], 40).astype(object)
    phases[:4] = ""
    found = scores(embedding(tmp_path / "e.h5ad", phase=phases), tmp_path / "s.json")
    assert found["phase"] == {"n_cells": N - 4, "phase_knn": 1}
    assert found["undefined"] == {}
    board = tmp_path / "board.tsv"
    leaderboard(scores=[str(tmp_path / "s.json")], table=str(board), figure=str(tmp_path / "b.png"))
    assert pd.read_csv(board, sep="\t")["phase_knn"].tolist() == [1]
    only = scores(embedding(tmp_path / "f.h5ad"), tmp_path / "t.json", metrics=["ari"])
    assert only["undefined"] == {}


def test_doublets_and_trajectory_cells_have_no_true_type(tmp_path):
    """They are given wrong types, which would show in the scores."""
    types = np.repeat(list("abc"), 40).astype(object)
    doublet, moving = np.zeros(N, bool), np.zeros(N, bool)
    doublet[:5], moving[10:35] = True, True
    types[doublet | moving] = "z"
    path = embedding(
        tmp_path / "e.h5ad",
        true_type=types,
        true_doublet=np.where(doublet, "heterotypic", "singlet"),
        on_trajectory=moving,
        true_pseudotime=np.where(moving, np.arange(N), np.nan),
    )
    found = scores(path, tmp_path / "s.json")
    truth = found["against"][keys.TRUE_TYPE]
    assert truth["left_out"] == {"doublet": 5, "on trajectory": 25}
    assert truth["n_cells"] == 90
    assert truth["ari"] > 0.95
    assert found["trajectory"]["n_cells"] == 25


def test_cells_without_a_label_do_not_count(tmp_path):
    labels = np.repeat(list("abc"), 40).astype(object)
    labels[:7] = "unlabelled"
    found = scores(embedding(tmp_path / "e.h5ad", label=labels), tmp_path / "s.json")
    assert found["against"][keys.LABEL]["left_out"] == {"no class": 7}


def test_undefined_scores_are_left_out_with_the_reason(tmp_path):
    path = embedding(tmp_path / "e.h5ad", label="a", batch=np.repeat(["x", "y"], 60))
    found = scores(path, tmp_path / "s.json", metrics=["ari", "knn", "silhouette"])
    assert found["against"][keys.LABEL] == {"left_out": {}, "n_cells": N}
    assert set(found["undefined"]) == {"label ari", "label knn", "label silhouette"}
    assert found["undefined"]["label ari"] == "there is one class only ('a')"


def test_kinds_of_cells_of_a_mosaic_are_scored_apart(tmp_path):
    kind = np.arange(N) % 3
    flags = {keys.HAS["rna"]: kind != 2, keys.HAS["atac"]: kind != 1}
    path = embedding(tmp_path / "e.h5ad", **flags)
    found = scores(path, tmp_path / "s.json")["kinds"]
    assert found["n_cells"] == {"atac_only": 40, "paired": 40, "rna_only": 40}
    assert {kind: values["ari"] for kind, values in found["against"][keys.LABEL].items()} == {
        "atac_only": 1, "paired": 1, "rna_only": 1,
    }  # fmt: skip
    assert found["mixing"]["ilisi"] > 0.8
    assert set(found["mixing"]) == {"ilisi", "batch_silhouette"}
    apart = scores(embedding(tmp_path / "f.h5ad", **{
        keys.HAS["rna"]: np.arange(N) < 80, keys.HAS["atac"]: np.arange(N) >= 40,
    }), tmp_path / "t.json")  # fmt: skip
    assert apart["kinds"]["mixing"]["ilisi"] < 0.1
    assert apart["undefined"]["label of paired cells ari"].startswith("there is one class only")
    board = tmp_path / "board.tsv"
    leaderboard(scores=[str(tmp_path / "s.json")], table=str(board), figure=str(tmp_path / "b.png"))
    row = pd.read_csv(board, sep="\t").iloc[0]
    assert row["label_ari_rna_only"] == 1
    assert row["kinds_ilisi"] > 0.8
    assert row["n_cells"] == N


def test_scores_repeat_byte_for_byte(tmp_path):
    path = embedding(tmp_path / "e.h5ad")
    for name in ("one", "two"):
        scores(path, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_leaderboard_has_mean_and_spread_over_seeds(tmp_path):
    def result(model, seed, ari, **more):
        path = tmp_path / f"{model}.{seed}.json"
        against = {keys.LABEL: {"n_cells": 9, "left_out": {}, "ari": ari}}
        entries = {"model": model, "seed": seed, "n_cells": 9, "against": against}
        path.write_text(json.dumps(entries | more))
        return str(path)

    paths = [
        result("weak", 0, 0.2),
        result("strong", 0, 0.9, batch={"n_batches": 2, "ilisi": 0.5}),
        result("strong", 1, 0.7, batch={"n_batches": 2, "ilisi": 0.7}),
    ]
    table, figure = tmp_path / "board.tsv", tmp_path / "board.png"
    leaderboard(scores=paths, table=str(table), figure=str(figure))
    board = pd.read_csv(table, sep="\t", index_col="model")
    assert list(board.index) == ["strong", "weak"]
    scores = ["label_ari", "label_ari_sd", "ilisi", "ilisi_sd"]
    assert list(board.columns) == ["n_seeds", "n_cells", *scores]
    assert board.loc["strong"].tolist() == pytest.approx([2, 9, 0.8, 0.1414, 0.6, 0.1414])
    assert board.loc["weak", "n_seeds"] == 1
    assert board.loc["weak", ["label_ari_sd", "ilisi"]].isna().all()
    assert figure.read_bytes().startswith(PNG)


@pytest.mark.parametrize(("name", "modality"), [("pca", keys.RNA), ("lsi", keys.ATAC)])
def test_baseline_has_the_form_of_a_model_s_embedding(tmp_path, name, modality):
    mdata = toy_multiome(cells=80)
    mdata.write_h5mu(tmp_path / "m.h5mu")
    out = str(tmp_path / "e.h5ad")
    baseline(mdata=str(tmp_path / "m.h5mu"), out=out, model=name, seed=4)
    found = ad.read_h5ad(out)
    assert list(found.obs_names) == list(mdata.obs_names)
    assert found.X.dtype == np.float32
    assert found.n_vars <= 30
    assert dict(found.uns[keys.PROVENANCE]) == {"model": name, "seed": 4}
    assert found.obs[keys.TRUE_TYPE].tolist() == mdata.obs[keys.TRUE_TYPE].tolist()


def test_map_of_an_embedding(tmp_path):
    path = embedding(tmp_path / "e.h5ad")
    figure, points = tmp_path / "e.png", tmp_path / "e.tsv"
    for _ in range(2):
        plot_embedding(
            embedding=path, figure=str(figure), coordinates=str(points), n_neighbors=10, seed=0
        )
        table = pd.read_csv(points, sep="\t", index_col=keys.CELL)
        assert table.shape == (N, 2)
        assert figure.read_bytes().startswith(PNG)
    centres = table.groupby(np.repeat(list("abc"), 40)).mean()
    assert np.linalg.norm(centres.loc["a"] - centres.loc["b"]) > 3


def test_doublets_are_drawn_as_one_type():
    obs = pd.DataFrame(
        {keys.TRUE_TYPE: ["T", "T+NK"], keys.TRUE_DOUBLET: ["singlet", "heterotypic"]}
    )
    assert with_doublets_together(obs)[keys.TRUE_TYPE].tolist() == ["T", "doublet"]
    without = obs[[keys.TRUE_TYPE]]
    assert with_doublets_together(without) is without


def test_training_curves(tmp_path):
    history = pd.DataFrame({"epoch": [1, 2], "train_loss": [2.0, 1.0], "val_loss": [2.5, 1.5]})
    history.to_csv(tmp_path / "h.tsv", sep="\t", index=False)
    plot_history(history=str(tmp_path / "h.tsv"), figure=str(tmp_path / "h.png"))
    assert (tmp_path / "h.png").read_bytes().startswith(PNG)
