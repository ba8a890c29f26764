"""Samples that share a file are told apart by their barcodes; chromosomes get their names."""

import gzip
import logging

import anndata as ad
import pandas as pd
import pysam
import pytest
from multiome2vec.errors import UserError
from multiome2vec.io.fragment_change import Change
from multiome2vec.steps.ingest_fragments import ingest_fragments
from multiome2vec.steps.ingest_regions import ingest_regions
from multiome2vec.steps.ingest_rna import ingest_rna
from toy_tenx import write_h5

ONE, TWO, ELEVEN = ["AAAC-1", "CCCG-1"], ["AAAC-2", "GGGT-2", "TTTG-2"], ["CCCC-11"]
ROWS = [
    ("1", 10, 90, "AAAC-1"),
    ("1", 20, 95, "AAAC-2"),
    ("1", 30, 99, "CCCC-11"),
    ("GL1", 5, 50, "CCCG-1"),
    ("MT", 5, 50, "GGGT-2"),
    ("MT", 7, 60, "TTTG-2"),
]


@pytest.fixture
def matrix(tmp_path):
    """Counts of three aggregated samples."""
    write_h5(tmp_path / "m.h5", ONE + TWO + ELEVEN)
    return str(tmp_path / "m.h5")


def write_rows(path, *, columns=5, bgzip=True):
    lines = ["# comment"]
    lines += ["\t".join(map(str, (*row, 1)[:columns])) for row in ROWS]
    text = ("\n".join(lines) + "\n").encode()
    if bgzip:
        with pysam.BGZFile(str(path), "w") as file:
            file.write(text)
    else:
        path.write_bytes(gzip.compress(text))
    return str(path)


def fragments(tmp_path, source, **more):
    """Rows of the fragments that are written, and their census."""
    out = {name: str(tmp_path / name) for name in ("out", "index", "census")}
    out["out"] += ".tsv.gz"
    out["index"] = out["out"] + ".tbi"
    more = {"chrom_sizes": None} | more
    ingest_fragments(source=source, **out, **more)
    with pysam.TabixFile(out["out"]) as file:
        rows = [tuple(row.split("\t")) for row in file.fetch()]
    census = pd.read_csv(out["census"], sep="\t", index_col="barcode")["n_fragments"]
    return rows, census.to_dict()


def test_rna_of_one_sample_of_an_aggregated_matrix(matrix, tmp_path, caplog):
    settings = {"kind": "10x_h5", "layer": "", "obs_columns": []}
    out = str(tmp_path / "rna.h5ad")
    with caplog.at_level(logging.INFO):
        ingest_rna(source=matrix, out=out, barcodes="*-1", **settings)
    assert list(ad.read_h5ad(out).obs_names) == ONE
    assert "2 barcodes look like *-1; 4 of other samples are left out" in caplog.text
    with pytest.raises(UserError, match=r"none of its 6 barcodes .* looks like '\*-7'"):
        ingest_rna(source=matrix, out=out, barcodes="*-7", **settings)


def test_regions_of_one_sample_of_an_aggregated_matrix_under_other_names(matrix, tmp_path):
    (tmp_path / "names.tsv").write_text("chr1\t1\n")
    out = str(tmp_path / "regions.h5ad")
    ingest_regions(
        source=matrix, out=out, kind="10x_h5", layer="", counting="insertion", barcodes="*-2",
        chromosome_names=str(tmp_path / "names.tsv"),
    )  # fmt: skip
    found = ad.read_h5ad(out)
    assert list(found.obs_names) == TWO
    assert list(found.var_names) == ["1:0-50", "1:100-150", "1:200-250"]
    assert set(found.var["chrom"]) == {"1"}


@pytest.mark.parametrize("bgzip", [True, False])
@pytest.mark.parametrize("columns", [4, 5])
def test_fragments_of_one_sample_of_an_aggregated_file(tmp_path, caplog, bgzip, columns):
    source = write_rows(tmp_path / "f.tsv.gz", bgzip=bgzip, columns=columns)
    with caplog.at_level(logging.INFO):
        rows, census = fragments(tmp_path, source, barcodes="*-1")
    assert [row[3:] for row in rows] == [("AAAC-1", "1"), ("CCCG-1", "1")]
    assert census == {"AAAC-1": 1, "CCCG-1": 1}
    assert "left out, of other samples: 4 fragments of 4 barcodes" in caplog.text


def test_a_prefix_tells_samples_apart_as_well(tmp_path):
    with pysam.BGZFile(str(tmp_path / "f.gz"), "w") as file:
        file.write(b"chr1\t1\t9\tlung_AAA-1\t1\nchr1\t2\t9\tliver_AAA-1\t1\n")
    rows, _ = fragments(tmp_path, str(tmp_path / "f.gz"), barcodes="lung_*")
    assert [row[3] for row in rows] == ["lung_AAA-1"]


def test_fragments_without_the_barcodes_are_refused_and_nothing_is_written(tmp_path):
    source = write_rows(tmp_path / "f.tsv.gz")
    with pytest.raises(UserError, match=r"none of its 6 barcodes .* looks like '\*-3'"):
        fragments(tmp_path, source, barcodes="*-3")
    assert not (tmp_path / "out.tsv.gz").exists()


def test_a_bad_line_of_another_sample_is_not_overlooked(tmp_path):
    (tmp_path / "f.tsv").write_text("chr1\t1\t9\tA-1\t1\nchr1\t9\tx\tA-2\t1\n")
    with pytest.raises(UserError, match="line 2: .* not a whole number"):
        fragments(tmp_path, str(tmp_path / "f.tsv"), barcodes="*-1")


@pytest.mark.parametrize("bgzip", [True, False])
def test_chromosomes_of_fragments_are_translated(tmp_path, bgzip):
    source = write_rows(tmp_path / "f.tsv.gz", bgzip=bgzip)
    (tmp_path / "sizes").write_text("chr1\t1000\nchrM\t100\n")
    names = tmp_path / "names.tsv"
    names.write_text("1\tchr1\nMT\tchrM\n")
    given = {"chrom_sizes": str(tmp_path / "sizes")}
    with pytest.raises(UserError, match="none of its chromosomes"):
        fragments(tmp_path, source, **given)
    rows, census = fragments(tmp_path, source, chromosome_names=str(names), **given)
    assert [row[0] for row in rows] == ["chr1", "chr1", "chr1", "GL1", "chrM", "chrM"]
    assert sum(census.values()) == 6


def test_sound_fragments_that_the_table_of_names_does_not_concern_are_linked(tmp_path):
    source = write_rows(tmp_path / "f.tsv.gz")
    (tmp_path / "names.tsv").write_text("chr1\t1\n")
    fragments(tmp_path, source, chromosome_names=str(tmp_path / "names.tsv"))
    assert (tmp_path / "out.tsv.gz").is_symlink()


def test_lines_of_a_block_are_renamed_and_nothing_else():
    change = Change("", {"1": "chr1", "11": "chr11", "A-1": "no"})
    block = b"#x\t1\n1\t1\t9\t1\t1\n1\t11\t19\tA-1\t1\n11\t1\t9\t11\n\nbad line\n"
    block += b"1\t5\t9\tB\t1\nGL\t1\t2\tC\n"
    expected = block.replace(b"\n1\t", b"\nchr1\t").replace(b"\n11\t", b"\nchr11\t")
    assert change(block) == expected
    assert change(b"") == b""
