"""The chain on real data that lie beside the project; skipped where they are absent."""

import pandas as pd
import pytest
from workflow.runner import CONFIGS, REAL, beside_real_data, run_all

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not REAL.is_dir(), reason="the real data are not in ../shared/data"),
]


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    """Directory from which the real data are found as from the project."""
    return beside_real_data(tmp_path_factory.mktemp("real"))


def board(workdir, name: str) -> pd.DataFrame:
    run_all(workdir, CONFIGS / f"{name}.yaml", cores=2)
    path = workdir / "results" / name / "evaluation/leaderboard.tsv"
    return pd.read_csv(path, sep="\t", index_col="model")


def test_chr22_atac_alone_from_peaks_to_deviations(workdir):
    found = board(workdir, "chr22_scatac")
    assert set(found.index) == {"trivae", "lsi"}
    results = workdir / "results/chr22_scatac"
    assert (results / "motifs/deviations.h5ad").exists()
    assert not (results / "annotation/rna.h5ad").exists()
    regions = pd.read_csv(results / "peaks/macs3/consensus.bed", sep="\t", header=None)
    assert len(regions) > 100
    assert set(regions[0]) == {"chr22"}


def test_bmmc_ready_paired_counts(workdir):
    found = board(workdir, "bmmc_starter")
    assert set(found.index) == {"trivae", "pca", "lsi"}
    assert found.loc["trivae", "label_ari"] > found.loc["lsi", "label_ari"]


def test_pbmc10k_fragments_and_normalised_rna(workdir):
    found = board(workdir, "pbmc10k_tiny")
    assert found.loc["trivae", "label_ari"] > found.loc["lsi", "label_ari"]
    assert not (workdir / "results/pbmc10k_tiny/motifs").exists()
