"""Damaged and odd inputs end in a message that helps, or are read as if nothing were odd."""

import os
import shutil
import tempfile
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from multiome2vec.errors import UserError
from multiome2vec.io.sheet import read_sheet
from multiome2vec.steps.barcodes import barcodes
from multiome2vec.steps.ingest_fragments import ingest_fragments
from multiome2vec.steps.ingest_regions import ingest_regions
from multiome2vec.steps.ingest_rna import ingest_rna
from multiome2vec.steps.preflight import preflight
from odd_inputs import DENIED, ERROR, ODD, READ, SHEETS, WARNING, Odd
from toy_sample import Sample

SETTINGS = {"min_overlap": 0.5, "barcode_translation": None, "min_cells": 1}
ROOT = Path(__file__).resolve().parents[3]
#: found by preflight alone: ingest does not look at them
NOT_INGESTED = ("annotation of another build", "labels that are all missing")


def checked(sample: Sample) -> pd.DataFrame:
    """Findings of preflight about a sample."""
    out = sample.folder / "preflight.tsv"
    passed = sample.folder / "inputs.tsv"
    try:
        preflight(
            samples={"lung": sample.row},
            assembly=sample.assembly,
            out=str(out),
            passed=str(passed),
            settings=SETTINGS | {"results": str(sample.folder)},
        )
    except UserError:
        assert not passed.exists()
    table = pd.read_csv(out, sep="\t", keep_default_na=False)
    assert passed.exists() == (ERROR not in set(table["severity"]))
    return table


def ingested(sample: Sample) -> dict:
    """What the steps of ingest make of a sample."""
    folder, row = sample.folder, sample.row
    made = {name: str(folder / f"out.{name}") for name in ("rna.h5ad", "f.tsv.gz", "tbi", "census")}
    found = {}
    if row["rna"]:
        ingest_rna(
            source=row["rna"], out=made["rna.h5ad"], kind=row["rna_kind"], layer="", obs_columns=[]
        )
        adata = ad.read_h5ad(made["rna.h5ad"])
        found |= {"counts": adata.X.toarray(), "genes": list(adata.var_names)}
        found["cells"] = list(adata.obs_names)
    if row["atac"]:
        ingest_regions(
            source=row["atac"], out=str(folder / "out.atac.h5ad"), kind=row["atac_kind"], layer="",
            counting=row["counting"],
        )  # fmt: skip
    if row["fragments"]:
        ingest_fragments(
            source=row["fragments"], out=made["f.tsv.gz"], index=made["tbi"],
            census=made["census"], chrom_sizes=sample.assembly["chrom_sizes"],
        )  # fmt: skip
        barcodes(
            rna=made["rna.h5ad"], census=made["census"], regions=None, sample="lung", metadata={},
            out=str(folder / "out.barcodes"), barcode_transform="", min_overlap=0.5,
            min_fragments=1,
        )  # fmt: skip
        table = pd.read_csv(made["census"], sep="\t", index_col="barcode")["n_fragments"]
        found["census"] = table.rename(lambda name: name.removesuffix("-1")).to_dict()
    return found


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> dict:
    sample = Sample(tmp_path_factory.mktemp("sound"))
    table = checked(sample)
    assert set(table["severity"]) <= {READ, "info"}, table.to_string()
    return ingested(sample)


def require_told(table: pd.DataFrame, odd: Odd) -> None:
    """Check that a finding says what is wrong, where, and what to do."""
    rows = table[table["problem"].str.contains(odd.said, regex=False)]
    rows = rows[rows["severity"] == odd.severity]
    assert len(rows) == 1, table.to_string()
    row = rows.iloc[0]
    assert odd.remedy in f"{row['problem']} {row['remedy']}"
    assert row["file"] or row["check"] == "barcodes"


@pytest.mark.parametrize("name", ODD)
def test_odd_inputs_are_told_or_read(tmp_path, sound, name):
    odd, sample = ODD[name], Sample(tmp_path)
    odd.make(sample)
    table = checked(sample)
    if odd.severity == READ:
        assert not set(table["severity"]) & {ERROR, WARNING}, table.to_string()
    else:
        require_told(table, odd)
    if odd.severity == ERROR and odd.what not in NOT_INGESTED:
        with pytest.raises(UserError) as caught:
            ingested(sample)
        message = str(caught.value)
        assert str(tmp_path) in message or "Sample lung" in message
        assert odd.remedy in message or "are the two files of the same sample" in message
    else:
        found = ingested(sample)
        for key, value in found.items():
            np.testing.assert_equal(value, sound[key])


@pytest.mark.parametrize("odd", SHEETS, ids=lambda odd: odd.what)
def test_odd_sample_sheets(tmp_path, odd):
    sample = Sample(tmp_path)
    odd.make(sample)
    path = tmp_path / "samples.tsv"
    path.write_bytes(sample.sheet)
    if odd.severity == READ:
        table = read_sheet(path)
        assert table.loc["lung", ["rna", "donor"]].tolist() == [sample.row["rna"], "Zoë"]
        return
    with pytest.raises(UserError) as caught:
        read_sheet(path)
    assert odd.said in caught.value.problem
    assert odd.remedy in caught.value.remedy
    assert str(path) in caught.value.problem


@pytest.mark.parametrize("column", ["rna", "fragments", "labels", "gtf"])
def test_a_file_that_may_not_be_read(column):
    """As a user without rights: root may read everything."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    sample = Sample(folder)
    path = sample.assembly["gtf"] if column == "gtf" else sample.row[column]
    checked(sample)  # loads all modules before the rights are gone
    for name in ("preflight.tsv", "inputs.tsv"):
        (folder / name).unlink()
    Path(path).chmod(0)
    user = os.geteuid()
    try:
        if user == 0:
            os.seteuid(65534)
        table = checked(sample)
    finally:
        os.seteuid(user)
        shutil.rmtree(folder)
    row = table[table["severity"] == ERROR]
    assert row["file"].tolist() == [path]
    assert DENIED.said in row["problem"].iloc[0]
    assert DENIED.remedy in row["remedy"].iloc[0]


def test_the_documentation_lists_every_odd_input():
    text = (ROOT / "docs/troubleshooting.md").read_text()
    for odd in (*ODD.values(), *SHEETS, DENIED):
        assert f"| {odd.what} |" in text, odd.what
        assert odd.said in text, odd.said
