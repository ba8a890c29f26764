"""The tiny run: its outputs, its report, its reproducibility."""

import re

import anndata as ad
import pandas as pd
import pytest
from multiome2vec import keys
from multiome2vec.io.embedding import CARRIED
from multiome2vec.io.multiome import read_multiome
from workflow.contents import assert_same
from workflow.runner import CONFIGS, run_all, snakemake

TINY = CONFIGS / "tiny.yaml"


def test_outputs_are_there_and_aligned(tiny):
    results = tiny / "results" / "demo"
    mdata = read_multiome(str(results / "matrices/multiome.h5mu"))
    assert set(mdata.mod) == set(keys.MODALITIES)
    barcodes = pd.read_csv(results / "qc/barcodes.tsv", sep="\t", index_col="cell")
    assert set(mdata.obs_names) == set(barcodes.index[barcodes[keys.KEEP]])
    embedding = ad.read_h5ad(results / "embeddings/trivae/seed-0.h5ad")
    assert list(embedding.obs_names) == list(mdata.obs_names)
    assert keys.TRUE_TYPE in embedding.obs
    assert set(embedding.obs.columns) <= set(CARRIED)
    board = pd.read_csv(results / "evaluation/leaderboard.tsv", sep="\t", index_col="model")
    assert set(board.index) == {"trivae", "pca", "lsi"}
    assert board["true_type_ari"].between(-1, 1).all()


def test_models_are_used_for_every_task(tiny):
    results = tiny / "results" / "demo"
    scores = pd.read_csv(results / "evaluation/tasks.tsv", sep="\t")
    scores = scores.set_index(["model", "seed", "direction", "of"]).loc["trivae", 0]
    regions, genes = scores.loc["rna_to_atac"], scores.loc["atac_to_rna"]
    assert regions["auroc_cell"]["model"] > regions["auroc_cell"]["baseline"]
    assert genes["pearson_gene"]["model"] > genes["pearson_gene"]["baseline"]
    assert scores["foscttm"]["rna_atac"]["latent"] < 0.4  # chance: 0.5
    tasks = results / "tasks/trivae/seed-0"
    mdata = read_multiome(str(results / "matrices/multiome.h5mu"))
    for modality in ("rna", "atac"):
        imputed = ad.read_zarr(tasks / f"imputed_{modality}.zarr")
        assert imputed.obs_names.equals(mdata.obs_names)
        assert set(imputed.var_names) <= set(mdata[modality].var_names)
    assert imputed.X.mean() == pytest.approx(0.05, abs=0.01)  # tasks.quantile
    loadings = pd.read_csv(tasks / "loadings.tsv", sep="\t")
    assert set(loadings["modality"]) == set(mdata.mod)
    assert set(pd.read_csv(tasks / "markers.tsv", sep="\t")["feature"]) <= set(loadings["feature"])


def test_exports_have_the_same_cells_and_labels(tiny):
    folder = tiny / "results/demo/matrices"
    kinds = ("gene", "region", "motif")
    barcodes = {
        pd.read_csv(folder / f"{k}_by_cell/barcodes.tsv.gz", header=None)[0].str.cat()
        for k in kinds
    }
    assert len(barcodes) == 1
    means = [pd.read_csv(folder / f"{kind}_by_cell_comb.csv", index_col=0) for kind in kinds]
    assert len({tuple(table.columns) for table in means}) == 1
    assert means[0].to_numpy().sum(axis=0) == pytest.approx(1e4, rel=0.01)


def test_every_barcode_is_accounted_for(tiny):
    results = tiny / "results/demo"
    table = pd.read_csv(
        results / "qc/barcodes.tsv", sep="\t", index_col="cell", keep_default_na=False
    )
    delivered = pd.read_csv(tiny / "resources/downloads/demo/truth/cells.tsv", sep="\t")
    assert set(table.index) == set(delivered["cell"])
    assert (table[keys.KEEP].astype(str).eq("True") == table[keys.REASON].eq("")).all()
    counts = pd.read_csv(results / "qc/counts.tsv", sep="\t")
    for _, steps in counts.groupby(["sample", "modality"]):
        assert steps["cells"].is_monotonic_decreasing


def test_every_job_left_a_log_and_a_benchmark(tiny):
    text = "\n".join(path.read_text() for path in (tiny / ".snakemake/log").glob("*.log"))
    logs = re.findall(r"^    log: (.+?)(?: \(|$)", text, re.MULTILINE)
    marks = re.findall(r"^    benchmark: (.+)$", text, re.MULTILINE)
    paths = [path for line in logs + marks for path in line.split(", ")]
    assert len(paths) > 40
    assert [path for path in paths if not (tiny / path).exists()] == []


def test_no_partial_files_and_no_host_paths(tiny):
    assert list(tiny.rglob("*.partial.*")) == []
    for pattern in ("*.tsv", "*.json", "*.html"):
        for path in (tiny / "results").rglob(pattern):
            assert str(tiny) not in path.read_text(), path


def test_a_second_run_does_nothing(tiny):
    done = snakemake(tiny, "--cores", "1", config=TINY)
    assert "Nothing to be done" in done.stderr + done.stdout


def test_report_is_self_contained(tiny):
    done = snakemake(tiny, "--report", "report.html", config=TINY)
    assert done.returncode == 0, done.stderr[-3000:]
    html = (tiny / "report.html").read_text()
    for title in ("Quality control", "Motifs", "Embeddings", "Evaluation", "Provenance"):
        assert title in html
    assert re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="https?://', html) == []


def test_one_core_gives_the_same_as_two(tiny, tmp_path_factory):
    other = tmp_path_factory.mktemp("one_core")
    run_all(other, TINY, cores=1, targets=("embed", "motifs"))
    assert_same(other, tiny)
