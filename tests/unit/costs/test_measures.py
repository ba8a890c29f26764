"""Sizes of a dataset, expected before its results are there and measured in them after."""

import anndata as ad
import numpy as np
import pytest
from multiome2vec.costs.measures import (
    MEASURES,
    MOST_REGIONS,
    MOTIFS,
    dataset_sizes,
    epochs_and_features,
    kind_sizes,
    sample_sizes,
)
from multiome2vec.errors import UserError
from scipy import sparse

ROW = {"rna": "", "atac": "", "fragments": ""}
SETTINGS = {
    "max_cells": None, "fit_cells": 30_000, "iterations": 500, "topics": 48, "collection": [],
    "bed": None, "genome": None, "databases": [],
}  # fmt: skip


def matrix(path, shape, density):
    path.parent.mkdir(parents=True, exist_ok=True)
    counts = sparse.random(*shape, density, format="csr", dtype=np.float32, rng=0)
    ad.AnnData(counts).write_h5ad(path)
    return str(path)


@pytest.fixture
def row(tmp_path):
    """A sample of 100 cells × 400 genes, 20,000 entries, and 60,000 fragments."""
    (tmp_path / "f.tsv.gz").write_bytes(bytes(600_000))
    rna = matrix(tmp_path / "rna.h5ad", (100, 400), 0.5)
    return ROW | {"rna": rna, "fragments": str(tmp_path / "f.tsv.gz")}


def test_sizes_expected_from_delivered_files(tmp_path, row):
    sample = sample_sizes(row, tmp_path / "none")
    assert (sample["cells"], sample["rna"], sample["genes"]) == (100, 20_000, 400)
    assert (sample["fragments"], sample["atac"]) == (60_000, 0)
    sizes = dataset_sizes([sample, sample], tmp_path / "none", SETTINGS)
    assert (sizes["cells"], sizes["rna"], sizes["fragments"]) == (200, 40_000, 120_000)
    assert sizes["atac"] == sizes["fitted"] == pytest.approx(0.45 * 120_000)
    assert sizes["regions"] == 400  # a region for 300 fragments
    assert sizes["motifs"] == MOTIFS
    assert set(MEASURES) - set(sizes) == {"kind", "kind_features", "features", "epochs"}


def test_empty_droplets_are_not_taken_for_cells(tmp_path):
    raw = matrix(tmp_path / "raw.h5ad", (500_000, 40), 0.001)
    assert sample_sizes(ROW | {"rna": raw}, tmp_path)["cells"] == 20_000 / 2_000


def test_fewer_cells_for_a_trial_have_fewer_entries(tmp_path, row):
    sample = sample_sizes(row, tmp_path / "none")
    sizes = dataset_sizes([sample, sample], tmp_path, SETTINGS | {"max_cells": 25})
    assert (sizes["cells"], sizes["rna"], sizes["atac"]) == (50, 10_000, 13_500)
    assert sizes["fragments"] == 120_000  # all are read


def test_topics_are_fitted_to_some_cells(tmp_path, row):
    sample = sample_sizes(row, tmp_path / "none")
    sizes = dataset_sizes([sample], tmp_path, SETTINGS | {"fit_cells": 10})
    assert sizes["fitted"] == pytest.approx(sizes["atac"] / 10)


def test_regions_that_may_be_called_have_limits(tmp_path):
    (tmp_path / "genome.fa").write_bytes(bytes(100_000))
    many = dict.fromkeys(("cells", "rna", "atac", "genes", "regions"), 0) | {"fragments": 1e12}

    def regions(**more) -> float:
        return dataset_sizes([many], tmp_path, SETTINGS | more)["regions"]

    assert regions() == MOST_REGIONS
    assert regions(genome=str(tmp_path / "genome.fa")) == 50
    (tmp_path / "mine.bed").write_text("chr1\t1\t2\n" * 7)
    assert regions(bed=str(tmp_path / "mine.bed")) == 7
    ready = many | {"regions": 123}
    assert dataset_sizes([ready], tmp_path, SETTINGS)["regions"] == 123


def test_motifs_of_given_files_are_counted(tmp_path):
    (tmp_path / "a.jaspar").write_text(">MA1 A\nA [ 1 ]\n>MA2 B\nA [ 1 ]\n")
    (tmp_path / "b.meme").write_text("MEME version 4\n\nMOTIF x\nletters\nMOTIF y\n")
    files = [str(tmp_path / "a.jaspar"), str(tmp_path / "b.meme")]
    assert dataset_sizes([], tmp_path, SETTINGS | {"collection": files})["motifs"] == 4
    assert dataset_sizes([], tmp_path, SETTINGS | {"collection": None})["motifs"] == 0


def test_results_are_measured_as_soon_as_they_are_there(tmp_path, row):
    results = tmp_path / "results"
    folder = results / "samples" / "s1"
    matrix(folder / "rna.h5ad", (90, 400), 0.25)
    (folder / "fragment_barcodes.tsv").write_text("barcode\tn_fragments\nA\t7\nB\t5\n")
    sample = sample_sizes(row, folder)
    assert (sample["cells"], sample["rna"], sample["fragments"]) == (90, 9_000, 12)
    bed = results / "peaks/macs3/consensus.bed"
    bed.parent.mkdir(parents=True)
    bed.write_text("chr1\t1\t2\n" * 11)
    assert dataset_sizes([sample], results, SETTINGS)["regions"] == 11
    matrix(results / "annotation/rna.h5ad", (80, 300), 0.5)
    matrix(results / "regions/regions.h5ad", (80, 10), 0.5)
    (results / "motifs").mkdir()
    (results / "motifs/motifs.tsv").write_text("motif\na\nb\n")
    sizes = dataset_sizes([sample], results, SETTINGS)
    found = {name: sizes[name] for name in ("cells", "rna", "genes", "atac", "regions", "motifs")}
    assert found == {
        "cells": 80, "rna": 12_000, "genes": 300, "atac": 400, "regions": 10, "motifs": 2,
    }  # fmt: skip


def test_sizes_of_a_kind():
    sizes = {"rna": 5, "atac": 7, "cells": 3, "genes": 10, "regions": 20, "motifs": 2}
    assert kind_sizes(sizes, "gene") == {"kind": 5, "kind_features": 10}
    assert kind_sizes(sizes, "region") == {"kind": 7, "kind_features": 20}
    assert kind_sizes(sizes, "motif") == {"kind": 6, "kind_features": 2}


def test_epochs_and_features_of_models():
    sizes = {"genes": 3_000, "regions": 80_000, "motifs": 100}
    assert epochs_and_features("trivae", {}, sizes) == (200, 3_000 + 50_000 + 100)
    assert epochs_and_features("trivae", {"max_epochs": 7, "n_hvg": 10}, sizes) == (7, 50_110)
    assert epochs_and_features("atac-cnn", {"max_epochs": 10}, sizes)[0] == 40
    with pytest.raises(UserError):
        epochs_and_features("none-such", {}, sizes)
