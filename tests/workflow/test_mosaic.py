"""Three paired samples, one of RNA alone and one of ATAC alone, from files to leaderboard."""

import anndata as ad
import pandas as pd
import pytest
import yaml
from mosaic_data import write_mosaic
from multiome2vec import keys
from multiome2vec.io.multiome import read_multiome
from multiome2vec.mosaic import kinds
from multiome2vec.simulate import Design
from workflow.runner import run_all, snakemake

KINDS = {"A": "paired", "B": "paired", "C": "paired", "R": "rna_only", "T": "atac_only"}
TARGETS = (
    "evaluation/leaderboard.tsv", "evaluation/tasks.tsv", "matrices/gene_by_cell_comb.csv",
    "matrices/region_by_cell_comb.csv", "conditions/composition_tests.tsv",
    "conditions/gene_summary.tsv", "conditions/region_summary.tsv",
)  # fmt: skip
CONFIG = {
    "dataset": "mosaic",
    "datasets": {
        "mosaic": {"samples": "data/samples.tsv", "assembly": "sim", "truth": "data/truth.tsv"}
    },
    "assemblies": {"sim": {"chrom_sizes": "data/chrom.sizes", "gtf": "data/genes.gtf.gz"}},
    "qc": {"rna": {"min_genes": 50}, "atac": {"min_log10_fragments": 2.5, "min_tsse": 2}},
    "annotate": {"n_top_genes": 200, "n_pcs": 15},
    "peaks": {"min_cells": 10, "min_fragments": 2000},
    "topics": {"grid": [5], "iterations": 50},
    "run": {"tasks": ["predict"]},
    "models": {"trivae": {"max_epochs": 40}},
    "conditions": {"min_cells": 5},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Directory of a finished run."""
    directory = tmp_path_factory.mktemp("mosaic")
    design = Design(barcodes=600, chromosome_length=400_000, genes=250)
    write_mosaic(directory / "data", design, seed=1, fasta=False)
    (directory / "mosaic.yaml").write_text(yaml.safe_dump(CONFIG))
    targets = tuple(f"results/mosaic/{path}" for path in TARGETS)
    run_all(directory, directory / "mosaic.yaml", cores=1, targets=targets)
    return directory


@pytest.fixture(scope="module")
def results(run):
    return run / "results" / "mosaic"


@pytest.fixture(scope="module")
def mdata(results):
    return read_multiome(str(results / "matrices/multiome.h5mu"))


def test_every_sample_has_the_cells_and_modalities_it_was_measured_in(mdata):
    found = kinds(mdata.obs).groupby(mdata.obs[keys.SAMPLE].astype(str)).unique()
    assert {sample: list(values) for sample, values in found.items()} == {
        sample: [kind] for sample, kind in KINDS.items()
    }
    assert mdata.obs[keys.SAMPLE].value_counts().min() > 40
    spelt = mdata.obs_names.to_series().groupby(mdata.obs[keys.SAMPLE].astype(str)).first()
    assert spelt["B"].startswith("B#sampleB_")
    assert spelt["C"].endswith("-1_sampleC")
    paired = mdata.obs_names[kinds(mdata.obs) == "paired"]
    assert mdata["rna"][paired].X.sum() > 0
    assert mdata["atac"][paired].X.sum() > 0


def test_cells_with_atac_alone_have_labels_that_fit(mdata, results):
    obs = mdata.obs
    alone = obs[keys.SAMPLE] == "T"
    assert set(obs.loc[alone, keys.LABEL_SOURCE]) == {"neighbours"}
    assert keys.UNLABELLED not in set(obs[keys.LABEL])
    single = (obs[keys.TRUE_DOUBLET] == "singlet") & ~obs[keys.ON_TRAJECTORY]
    known = obs[single]
    table = pd.crosstab(known[keys.LABEL].astype(str), known[keys.TRUE_TYPE].astype(str))
    named = known[keys.LABEL].astype(str).map(table.idxmax(axis=1))
    right = named == known[keys.TRUE_TYPE].astype(str)
    assert right[alone[single]].mean() > 0.6
    groups = pd.read_csv(results / "peaks/macs3/groups.tsv", sep="\t")
    assert set(groups["sample"]) == {"A", "B", "C", "T"}


def test_exports_hold_the_cells_that_have_the_modality(mdata, results):
    for kind, name in (("gene", "rna"), ("region", "atac")):
        path = results / f"matrices/{kind}_by_cell/barcodes.tsv.gz"
        assert pd.read_csv(path, header=None)[0].tolist() == list(mdata[name].obs_names)
        means = pd.read_csv(results / f"matrices/{kind}_by_cell_comb.csv", index_col=0)
        assert list(means) == sorted(mdata.obs[keys.LABEL].unique())
        assert means.notna().all(axis=None)


def test_all_cells_are_embedded_and_their_kinds_scored(mdata, results):
    embedding = ad.read_h5ad(results / "embeddings/trivae/seed-0.h5ad")
    assert list(embedding.obs_names) == list(mdata.obs_names)
    board = pd.read_csv(results / "evaluation/leaderboard.tsv", sep="\t", index_col="model")
    cells = {"trivae": mdata.n_obs, "pca": mdata["rna"].n_obs, "lsi": mdata["atac"].n_obs}
    assert board["n_cells"].to_dict() == cells
    for kind in ("paired", "rna_only", "atac_only"):
        assert board.loc["trivae", f"true_type_knn_accuracy_{kind}"] > 0.4
        assert board.loc["trivae", f"true_type_ari_{kind}"] > 0.2
    assert board.loc["trivae", "kinds_ilisi"] > 0.05
    assert pd.isna(board.loc["pca", "true_type_ari_atac_only"])


def test_predictions_are_scored_on_pairs(run, mdata, results):
    scores = pd.read_csv(results / "evaluation/tasks.tsv", sep="\t")
    splits = pd.read_csv(results / "models/trivae/seed-0/splits.tsv", sep="\t", index_col=0)
    held = splits.index[splits["split"] != "train"]
    paired = mdata.obs_names[kinds(mdata.obs) == "paired"]
    assert set(scores["n_cells"]) == {len(held.intersection(paired))}


def test_conditions_are_compared_where_there_are_replicates(results):
    folder = results / "conditions"
    shares = pd.read_csv(folder / "composition_tests.tsv", sep="\t", keep_default_na=False)
    assert set(shares["reason"]) == {""}
    assert set(shares["n_reference"]) == {3}
    genes, regions = (
        pd.read_csv(folder / f"{kind}_summary.tsv", sep="\t", keep_default_na=False)
        for kind in ("gene", "region")
    )
    assert genes["tested"].max() > 50
    assert set(regions["reason"]) == {
        "2 replicates per condition are needed: control has 3, treated has 1"
    }
    table = pd.read_csv(folder / "gene_effects.tsv.gz", sep="\t")
    assert len(table) == genes["tested"].sum()
    assert table["pvalue"].between(0, 1).all()


def test_failed_samples_are_named_together(run):
    poor = {
        "R": {"rna": {"mode": "fixed", "min_genes": 10_000}},
        "T": {"atac": {"min_log10_fragments": 6}},
    }
    (run / "poor.yaml").write_text(
        yaml.safe_dump(CONFIG | {"qc": CONFIG["qc"] | {"samples": poor}})
    )
    target = "results/mosaic/qc/barcodes.pre.tsv"
    done = snakemake(run, "--cores", "1", target, config=run / "poor.yaml")
    assert done.returncode == 1
    log = (run / "logs/pre_qc/mosaic.log").read_text()
    assert "2 of 5 samples have fewer than 20 cells left" in log
    assert "R: rna_qc took" in log
    assert "T: atac_qc took" in log
    assert "qc.failed_samples: drop" in log
