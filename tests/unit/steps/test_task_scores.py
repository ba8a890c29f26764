import json

import pandas as pd
from multiome2vec.steps.task_scores import task_scores

PREDICTED = {
    "rna_to_atac": {
        "n_cells": 30,
        "undefined": {},
        "model": {"auroc_cell": 0.8, "pearson_region": 0.31239},
        "baseline": {"auroc_cell": 0.7, "pearson_region": 0.0},
    },
    "atac_to_rna": {"n_cells": 30, "undefined": {"model": "no gene varies"}},
}
MATCHED = {
    "rna_atac": {
        "n_cells": 29,
        "measure": "cosine",
        "temperature": 0.1,
        "latent": {"foscttm": 0.2, "top1_forward": 0.1},
    }
}


def write(folder, name, content):
    path = folder / name
    path.write_text(json.dumps(content))
    return str(path)


def table(folder, **files):
    paths = [write(folder, name, content) for name, (_, _, content) in files.items()]
    runs = [list(run[:2]) for run in files.values()]
    task_scores(scores=paths, runs=runs, out=str(folder / "tasks.tsv"))
    return pd.read_csv(folder / "tasks.tsv", sep="\t", keep_default_na=False)


def test_one_row_per_run_direction_and_thing_scored(tmp_path):
    found = table(tmp_path, a=("m", 1, PREDICTED), b=("m", 0, PREDICTED), c=("m", 0, MATCHED))
    names = found[["model", "seed", "direction", "of", "n_cells"]].to_numpy().tolist()
    assert names == [
        ["m", 0, "atac_to_rna", "", 30],
        ["m", 0, "rna_atac", "latent", 29],
        ["m", 0, "rna_to_atac", "model", 30],
        ["m", 0, "rna_to_atac", "baseline", 30],
        ["m", 1, "atac_to_rna", "", 30],
        ["m", 1, "rna_to_atac", "model", 30],
        ["m", 1, "rna_to_atac", "baseline", 30],
    ]
    assert found["auroc_cell"].tolist() == ["", "", "0.8", "0.7", "", "0.8", "0.7"]
    assert found["pearson_region"].tolist()[2] == "0.3124"
    assert found["foscttm"].tolist() == ["", "0.2", "", "", "", "", ""]
    assert {"measure", "temperature", "undefined"}.isdisjoint(found)


def test_a_model_of_one_modality_has_no_row(tmp_path):
    found = table(tmp_path, a=("m", 0, {}))
    assert found.empty
    assert found.columns.tolist() == ["model", "seed", "direction", "of", "n_cells"]
