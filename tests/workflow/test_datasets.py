"""The configuration of every public dataset, from a server of imitated files to the leaderboard."""

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml
from dataset_files import IMITATIONS, dataset_files, reference_files
from dataset_runs import (
    SMALL,
    SMALL_FRAGMENTS,
    WITH_GENOME,
    serve_dataset,
    serving,
    write_settings,
)
from multiome2vec import keys
from multiome2vec.io.catalogue import read_catalogue
from multiome2vec.io.multiome import read_multiome
from workflow.runner import ROOT, snakemake

CONFIGS = {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / "config").glob("*.yaml")}
#: run by make test: RNA alone, out of an archive; the others by make test-datasets
CHEAP = {"pbmc68k"}
LONG = [pytest.mark.slow, pytest.mark.datasets]
RUNS = [
    pytest.param(name, {}, id=name, marks=[] if name in CHEAP else LONG) for name in sorted(CONFIGS)
] + [pytest.param("pairedseq", WITH_GENOME, id="pairedseq-with-genome", marks=LONG)]
FRAGMENTS = {"pbmc3k", "pbmc10k", "brain3k", "e18_brain5k"}
#: of ready matrices, as their sample sheets say it
UNITS = {"bmmc_multiome": keys.INSERTION} | dict.fromkeys(FRAGMENTS, keys.PAIRED_INSERTION)


def named_assemblies(*settings: dict) -> dict[str, list[str]]:
    """Files of references by assembly that settings name."""
    text = " ".join(map(yaml.safe_dump, settings))
    found = re.findall(r"resources/downloads/references/(\w+)/(\S+)", text)
    return {name: [file for other, file in found if other == name] for name, _ in found}


def test_every_dataset_is_imitated():
    assert set(IMITATIONS) == set(CONFIGS)


@pytest.mark.slow
@pytest.mark.datasets
def test_every_file_of_the_tables_is_imitated():
    tables = {
        kind: read_catalogue(ROOT / f"resources/{kind}.tsv") for kind in ("datasets", "references")
    }
    datasets = tables["datasets"][tables["datasets"]["url"] != ""]
    for name in IMITATIONS:
        assert set(dataset_files(name)) == set(datasets.loc[datasets["dataset"] == name, "file"])
    for assembly, rows in tables["references"].groupby("assembly"):
        assert set(reference_files(assembly)) == set(rows["file"])


@pytest.mark.parametrize(("dataset", "more"), RUNS)
def test_from_the_server_to_the_leaderboard(dataset, more, tmp_path):
    settings = [SMALL, SMALL_FRAGMENTS if dataset in FRAGMENTS else {}, more]
    assemblies = named_assemblies(CONFIGS[dataset], more)
    with serving() as server:
        served = serve_dataset(server, dataset, tuple(assemblies))
        own = write_settings(tmp_path, server, *settings)
        files = [str(ROOT / "config" / f"{dataset}.yaml"), *own]
        made = ("evaluation/leaderboard.tsv", "matrices/gene_by_cell_comb.csv")
        targets = [f"results/{dataset}/{name}" for name in made]
        done = snakemake(tmp_path, *targets, "--cores", "2", "--configfile", *files)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    assert sorted(path for path, _ in server.requests) == sorted(served)
    require_results(tmp_path / "results" / dataset, dataset, motif=bool(assemblies))


def require_results(results: Path, dataset: str, *, motif: bool) -> None:
    """Check what the run made of the dataset, against what its files hold."""
    mdata = read_multiome(str(results / "matrices/multiome.h5mu"))
    has_atac = dataset not in ("pbmc68k", "bmmc_cite")
    expected = {keys.RNA} | ({keys.ATAC} if has_atac else set())
    assert set(mdata.mod) == expected | ({keys.MOTIF} if motif and has_atac else set())
    assert mdata.n_obs > 150  # of nuclei with at most 5 % of mitochondrial counts, about as many
    assert mdata[keys.RNA].n_vars > 300
    if has_atac:
        assert mdata[keys.ATAC].n_vars > 300
        assert mdata[keys.ATAC].uns[keys.COUNTING] == UNITS.get(dataset, keys.FRAGMENT)
    mitochondrial = mdata[keys.RNA].var_names.str.upper().str.startswith("MT-")
    assert mitochondrial.sum() == 13
    assert mdata.obs[keys.PCT_MT].gt(0).mean() > 0.9
    left = pd.read_csv(results / "qc/counts.tsv", sep="\t")
    last = left[left["modality"] == keys.RNA]["cells"].iloc[-1]
    assert last == mdata.n_obs  # every barcode is accounted for
    board = pd.read_csv(results / "evaluation/leaderboard.tsv", sep="\t", index_col="model")
    assert board.loc["trivae", "n_cells"] == mdata.n_obs
    labels = set(mdata.obs[keys.LABEL].astype(str))
    if dataset in ("bmmc_multiome", "bmmc_cite", "scicar", "pbmc68k"):
        assert labels == {"T", "NK", "Monocyte", "Dendritic", "Progenitor"}  # the authors'
        assert board.loc["trivae", "label_knn_accuracy"] > 0.5
    else:
        assert len(labels) > 1
