"""The default chain against planted truth, on simulations that it was not developed on."""

import json

import pandas as pd
import pytest
import yaml
from workflow.runner import run_all

from workflow import truth

SEEDS = (101, 102, 103)


@pytest.fixture(scope="module", params=SEEDS)
def run(request, tmp_path_factory):
    """Directory of a finished run of the default configuration on one held-out simulation."""
    directory = tmp_path_factory.mktemp(f"truth-{request.param}")
    config = directory / "held_out.yaml"
    config.write_text(yaml.safe_dump({"simulate": {"seed": request.param}}))
    run_all(directory, config, cores=2, targets=("evaluate", "motifs"))
    (directory / "truth.json").write_text(json.dumps(truth.summary(directory), indent=1))
    print((directory / "truth.json").read_text())
    return directory


pytestmark = pytest.mark.truth


def test_doublets(run):
    assert truth.doublet_auc(run)["heterotypic"] >= 0.9


def test_peaks(run):
    found = truth.peaks_per_type(run)
    assert found["recall"].min() >= 0.9
    assert found["precision"].min() >= 0.8


def test_motifs(run):
    for name, row in truth.motif_ranks(run).iterrows():
        assert set(row["first"]) == row["planted"], name


def test_topics(run):
    assert min(truth.topic_auc(run).values()) >= 0.95


def test_motif_enrichment(run):
    """Planted families come first in the regions of their types, and early in their topic."""
    ranks = truth.enrichment_ranks(run)
    assert (ranks["dars"] == 0).all(), ranks
    assert (ranks["topic"] < 3).all(), ranks


def test_embedding(run):
    board = pd.read_csv(
        run / "results/demo/evaluation/leaderboard.tsv", sep="\t", index_col="model"
    )
    ari = board["true_type_ari"]
    assert ari["trivae"] >= 0.9
    assert ari["trivae"] > max(ari["pca"], ari["lsi"])
    for baseline in ("pca", "lsi"):
        assert 0.55 <= ari[baseline] <= 0.85, baseline
    assert board.loc["trivae", "pseudotime_spearman"] >= 0.7
