"""What goes into MACS, and that its two versions agree."""

import numpy as np
import pandas as pd
import pytest
from installed import needs_macs2
from multiome2vec.errors import UserError
from multiome2vec.peaks import macs
from multiome2vec.peaks.callers import CALLERS
from multiome2vec.peaks.macs import find_executable, write_bed

SETTINGS = {"qvalue": 0.05, "max_count": 1, "mode": "fragments", "shift": None, "extsize": None}
INSERTIONS = SETTINGS | {"mode": "insertions"}


@pytest.fixture
def few(tmp_path):
    """Three fragments, sequenced once, twice and five times."""
    path = tmp_path / "few.tsv"
    path.write_text("chr1\t10\t60\t0\t1\nchr1\t20\t90\t1\t2\nchr2\t5\t9\t0\t5\n")
    return path


@pytest.mark.parametrize("batch", [1, 1_000_000])
def test_a_fragment_is_written_as_often_as_it_counts(few, tmp_path, monkeypatch, batch):
    monkeypatch.setattr(macs, "BATCH", batch)
    path = tmp_path / "out.bed"
    write_bed(few, path, max_count=1)
    assert path.read_text() == "chr1\t10\t60\nchr1\t20\t90\nchr2\t5\t9\n"
    write_bed(few, path, max_count=3)
    assert path.read_text() == "chr1\t10\t60\n" + 2 * "chr1\t20\t90\n" + 3 * "chr2\t5\t9\n"


def test_ends_are_the_first_and_the_last_base(few, tmp_path):
    path = tmp_path / "out.bed"
    write_bed(few, path, max_count=2, ends=True)
    sites = [("chr1", 10), ("chr1", 59), *2 * [("chr1", 20), ("chr1", 89)]]
    sites += 2 * [("chr2", 5), ("chr2", 8)]
    expected = sorted(f"{chrom}\t{site}\t{site + 1}" for chrom, site in sites)
    assert sorted(path.read_text().splitlines()) == expected


@pytest.fixture(scope="module")
def bulk(tmp_path_factory):
    """Fragments of two chromosomes with peaks of several summits, many of them duplicated."""
    rng = np.random.default_rng(3)
    rows = []
    for chrom in ("chr1", "chr2"):
        near = [rng.normal(at, 120, 150) for at in (20_000, 20_600, 50_000, 51_500, 80_000)]
        centre = np.concatenate([rng.integers(500, 99_500, 1500), *near]).astype(int)
        half = rng.integers(20, 250, len(centre))
        rows.append(pd.DataFrame({"c": chrom, "s": centre - half, "e": centre + half}))
    table = pd.concat(rows).sort_values(["c", "s", "e"])
    table["b"] = np.arange(len(table)) % 50
    table["n"] = rng.geometric(0.4, len(table))
    path = tmp_path_factory.mktemp("bulk") / "bulk.tsv"
    table.to_csv(path, sep="\t", header=False, index=False)
    return path


def peaks(caller, fragments, path, settings) -> list[list[str]]:
    CALLERS.get(caller)(
        fragments, narrow_peak=path, name="T.s1", genome_size=200_000, settings=settings
    )
    return [line.split("\t") for line in path.read_text().splitlines()]


@needs_macs2
@pytest.mark.parametrize("max_count", [1, 2, 100])
@pytest.mark.parametrize("settings", [SETTINGS, INSERTIONS], ids=["fragments", "insertions"])
def test_macs2_and_macs3_agree(bulk, tmp_path, settings, max_count):
    settings = settings | {"max_count": max_count}
    found = {name: peaks(name, bulk, tmp_path / name, settings) for name in ("macs2", "macs3")}
    assert len(found["macs3"]) > 5
    assert found["macs2"] == found["macs3"]


def test_duplicates_count_up_to_the_maximum(bulk, tmp_path):
    heights = [
        max(float(row[6]) for row in peaks("macs3", bulk, tmp_path / "out", SETTINGS | changed))
        for changed in ({}, {"max_count": 2})
    ]
    assert heights[0] != heights[1]


@pytest.fixture
def one_place(tmp_path):
    """Fragments of 1,000 bp: between their ends, nothing is cut."""
    path = tmp_path / "one.tsv"
    path.write_text("".join(f"chr1\t10000\t11000\t{cell}\t1\n" for cell in range(100)))
    return path


@pytest.mark.parametrize("name", ["macs3", pytest.param("macs2", marks=needs_macs2)])
def test_insertions_pile_up_around_either_end(one_place, tmp_path, name):
    whole = peaks(name, one_place, tmp_path / "out", SETTINGS)
    assert [row[1:3] for row in whole] == [["10000", "11000"]]
    ends = peaks(name, one_place, tmp_path / "out", INSERTIONS)
    assert [row[1:3] for row in ends] == [["9925", "10075"], ["10924", "11074"]]
    wide = peaks(name, one_place, tmp_path / "out", INSERTIONS | {"shift": -100, "extsize": 200})
    assert [row[1:3] for row in wide] == [["9900", "10100"], ["10899", "11099"]]


@pytest.mark.parametrize(
    ("name", "remedy"), [("macs3", "Run `make`"), ("macs2", "Debian's package `macs`")]
)
def test_an_absent_executable_is_said_with_the_remedy(few, tmp_path, monkeypatch, name, remedy):
    monkeypatch.setattr(macs.shutil, "which", lambda *_, **__: None)
    with pytest.raises(UserError, match=f"{name} is not installed .*{remedy}"):
        peaks(name, few, tmp_path / "out", SETTINGS)


def test_the_executable_beside_python_comes_first(tmp_path, monkeypatch):
    for folder in ("env", "path"):
        program = tmp_path / folder / "macs9"
        program.parent.mkdir()
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    monkeypatch.setattr(macs.sys, "executable", str(tmp_path / "env" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    assert find_executable("macs9", remedy="") == str(tmp_path / "env" / "macs9")
    (tmp_path / "env" / "macs9").unlink()
    assert find_executable("macs9", remedy="") == str(tmp_path / "path" / "macs9")
