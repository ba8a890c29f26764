"""Every problem of the inputs is found at once, named, and has a remedy."""

import gzip
import shutil
from types import SimpleNamespace

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from multiome2vec.errors import UserError
from multiome2vec.io.sheet import COLUMNS
from multiome2vec.steps.preflight import preflight

BARCODES = ["AAACGCTA-1", "CCCATGAA-1", "GGGTCAAC-1"]
SETTINGS = ("chromosome_names", "mitochondrion", "standard_chromosomes")
NOTHING = dict.fromkeys(("fasta", "chrom_sizes", "gtf", "tss", "blacklist", *SETTINGS))


@pytest.fixture
def given(tmp_path):
    """A sample of RNA, fragments and labels, and an assembly, without a fault."""
    counts = np.array([[1, 0], [2, 3], [0, 1]], dtype=np.float32)
    obs = pd.DataFrame(index=BARCODES)
    ad.AnnData(counts, obs=obs, var=pd.DataFrame(index=["A", "B"])).write_h5ad(tmp_path / "r.h5ad")
    fragments(tmp_path, "chr1", BARCODES)
    (tmp_path / "labels.tsv").write_text("".join(f"{name}\tT\n" for name in BARCODES))
    (tmp_path / "sizes").write_text("chr1\t1000\nchr2\t500\n")
    (tmp_path / "tss.bed").write_text("chr1\t10\t11\tA\t.\t+\n")
    row = dict.fromkeys(COLUMNS, "") | {
        "rna": str(tmp_path / "r.h5ad"),
        "rna_kind": "h5ad",
        "fragments": str(tmp_path / "f.tsv.gz"),
        "labels": str(tmp_path / "labels.tsv"),
        "barcode_transform": "none",
    }
    reference = {"chrom_sizes": str(tmp_path / "sizes"), "tss": str(tmp_path / "tss.bed")}
    return tmp_path, row, NOTHING | reference


def fragments(folder, chromosome, barcodes):
    lines = [f"{chromosome}\t{9 * i}\t{9 * i + 80}\t{name}\t1\n" for i, name in enumerate(barcodes)]
    (folder / "f.tsv.gz").write_bytes(gzip.compress("".join(lines).encode()))


def check(folder, row, assembly, **more) -> pd.DataFrame:
    settings = {"min_overlap": 0.5, "barcode_translation": None, "min_cells": 1}
    preflight(
        samples={"s1": row},
        assembly=assembly,
        out=str(folder / "preflight.tsv"),
        passed=str(folder / "inputs.tsv"),
        settings=settings | {"results": str(folder)} | more.pop("settings", {}),
        **more,
    )
    table = pd.read_csv(folder / "preflight.tsv", sep="\t", keep_default_na=False)
    return table.set_index("check")


def problems(folder, row, assembly, **more) -> str:
    (folder / "inputs.tsv").unlink(missing_ok=True)
    with pytest.raises(UserError) as caught:
        check(folder, row, assembly, **more)
    assert not (folder / "inputs.tsv").exists()
    return str(caught.value)


def test_faultless_inputs_pass(given):
    found = check(*given)
    assert list(dict.fromkeys(found.index[found["severity"] == "ok"])) == [
        "reference", "rna", "fragments", "barcodes", "labels", "disk",
    ]  # fmt: skip
    assert set(found["severity"]) == {"ok", "info"}
    assert found.loc["rna", "problem"] == "3 barcodes × 2 genes"
    assert found.loc["barcodes", "problem"].startswith("100%")


def test_what_passed_is_told_without_the_machine(given):
    check(*given)
    passed = pd.read_csv(given[0] / "inputs.tsv", sep="\t")
    assert set(passed["check"]) == {"reference", "rna", "fragments", "barcodes", "labels"}


def test_all_problems_are_told_at_once(given):
    folder, row, assembly = given
    fragments(folder, "1", BARCODES)
    (folder / "tss.bed").write_text("I\t10\t11\tA\t.\t+\n")
    row["rna"] = str(folder / "absent.h5ad")
    found = problems(folder, row, assembly)
    for part in ("[reference] ", "tss.bed", "[files] ", "absent.h5ad does not exist"):
        assert part in found


def test_chromosomes_of_another_naming(given):
    folder, row, assembly = given
    fragments(folder, "1", BARCODES)
    assert "[fragments s1] " in problems(folder, row, assembly)


def test_chromosomes_are_translated_by_the_table_of_names(given):
    folder, row, assembly = given
    fragments(folder, "1", BARCODES)
    (folder / "names.tsv").write_text("1 chr1\n")
    assembly["chromosome_names"] = str(folder / "names.tsv")
    found = problems(folder, row, assembly)
    assert "[chromosome_names] " in found
    assert "[fragments s1] " in found
    (folder / "names.tsv").write_text("1\tchr1\n")
    assert set(check(folder, row, assembly)["severity"]) == {"ok", "info"}


def test_what_is_derived_of_the_chromosomes_is_said(given):
    folder, row, assembly = given
    (folder / "sizes").write_text("chr1\t1000\nchr2\t500\nchrM\t90\nchrUn_1\t90\n")
    assembly["standard_chromosomes"] = "^Chr"
    assert "matches standard_chromosomes '^Chr'" in problems(folder, row, assembly)
    assembly["standard_chromosomes"] = None
    assert (
        "2 standard chromosomes (chr1, chr2), mitochondrion chrM, 1 others; build"
        in (check(folder, row, assembly).loc["reference", "problem"].iloc[0])
    )


def test_barcodes_of_other_samples_in_the_files_do_not_count(given):
    folder, row, assembly = given
    fragments(folder, "chr1", [*BARCODES, "TTTTTTTT-2"])
    row |= {"rna_barcodes": "*-1", "fragments_barcodes": "*-3"}
    assert "looks like '*-3'" in problems(folder, row, assembly)
    row["fragments_barcodes"] = "*-1"
    assert check(folder, row, assembly).loc["barcodes", "problem"].startswith("100%")


def test_barcodes_with_another_suffix_get_the_transformation_that_helps(given):
    folder, row, assembly = given
    fragments(folder, "chr1", [name.removesuffix("-1") for name in BARCODES])
    assert "Write 'strip-suffix' (100%) into" in problems(folder, row, assembly)
    row["barcode_transform"] = ""
    found = check(folder, row, assembly).loc["barcodes"]
    assert found["severity"] == "warning"
    assert "0% of the RNA barcodes" in found["problem"]
    assert "100% respelt by 'strip-suffix'" in found["problem"]
    row["barcode_transform"] = "strip-suffix"
    assert check(folder, row, assembly).loc["barcodes", "problem"].startswith("100%")


def test_files_of_two_samples(given):
    folder, row, assembly = given
    fragments(folder, "chr1", ["TTTTTTTT-1", "TTTTTTTA-1", "TTTTTTTC-1"])
    found = problems(folder, row, assembly)
    assert "RNA and ATAC have no barcodes in common" in found
    assert "are the two files of the same sample?" in found


def test_values_that_are_no_counts(given):
    folder, row, assembly = given
    cells = ad.read_h5ad(folder / "r.h5ad")
    cells.X = np.log1p(cells.X)
    cells.write_h5ad(folder / "r.h5ad")
    assert "r.h5ad" in problems(folder, row, assembly)
    row["rna_kind"] = "normalized"
    assert check(folder, row, assembly).loc["rna", "severity"] == "ok"


def test_labels_of_other_cells(given):
    folder, row, assembly = given
    (folder / "labels.tsv").write_text("TTTTTTTT-1\tT\n")
    assert "none of their barcodes (TTTTTTTT-1)" in problems(folder, row, assembly)


def test_ready_regions_without_a_unit(given):
    folder, row, assembly = given
    names = pd.DataFrame(index=["chr1:1-50", "chr1:90-120"])
    ad.AnnData(np.eye(3, 2), obs=pd.DataFrame(index=BARCODES), var=names).write_h5ad(
        folder / "a.h5ad"
    )
    row |= {"fragments": "", "atac": str(folder / "a.h5ad"), "atac_kind": "h5ad"}
    assert "Fill the column 'counting'" in problems(folder, row, assembly)
    row["counting"] = "fragment"
    assert check(folder, row, assembly).loc["atac", "problem"] == "3 barcodes × 2 regions"


def test_no_reference_is_a_warning_without_fragments(given):
    folder, row, _ = given
    assert "No fasta and no chrom_sizes" in problems(folder, row, NOTHING)
    row["fragments"] = ""
    assert check(folder, row, NOTHING).loc["reference", "severity"] == "warning"


def test_the_table_has_the_worst_first_and_stays_when_a_check_fails(given):
    folder, row, assembly = given
    (folder / "labels.tsv").write_text(f"{BARCODES[0]}\tT\n")
    row["fragments"] = str(folder / "absent.tsv.gz")
    assert "absent.tsv.gz does not exist. Correct the path" in problems(folder, row, assembly)
    table = pd.read_csv(folder / "preflight.tsv", sep="\t", keep_default_na=False)
    assert list(table.columns) == ["severity", "check", "sample", "file", "problem", "remedy"]
    assert list(dict.fromkeys(table["severity"])) == ["error", "warning", "ok"]
    assert table.loc[0, ["check", "file"]].tolist() == ["files", str(folder / "absent.tsv.gz")]
    assert table.loc[1, "problem"] == "only 33% of the barcodes have one of 1 labels"


def test_labels_of_few_cells(given):
    found = check(*given, settings={"min_cells": 4}).loc["labels"]
    assert "1 labels have fewer than 4 cells here: T (3)." in set(found["problem"])


def test_columns_of_obs_that_the_sheet_names(given):
    folder, row, assembly = given
    row["donor"] = "obs:patient"
    assert "has no obs column 'patient'. The sample sheet says obs:patient" in problems(*given)


def test_translated_barcodes(given):
    folder, row, assembly = given
    swapped = str.maketrans("ACGT", "CATG")
    others = [name.translate(swapped) for name in BARCODES]
    fragments(folder, "chr1", others)
    pairs = zip(BARCODES, others, strict=True)
    text = "".join(f"{a.removesuffix('-1')}\t{b.removesuffix('-1')}\n" for a, b in pairs)
    (folder / "pairs.tsv").write_text(text)
    row["barcode_transform"] = ""
    assert "no barcodes in common" in problems(folder, row, assembly)
    settings = {"barcode_translation": str(folder / "pairs.tsv")}
    found = check(folder, row, assembly, settings=settings).loc["barcodes"]
    assert "100% respelt by 'translate'" in found["problem"]


TABLE = """dataset\tfile\turl\tsize\tsha256\tlicence\tdate\tnote\tarchive
lung\trna.h5ad\thttps://example.org/rna.h5ad\t2000000\t\t\t\t\t
lung\tall.tar\thttps://example.org/all.tar\t3000000000\t\t\t\t\t
lung\tf.tsv.gz\t\t\t\t\t\tmember: x/f.tsv.gz\tall.tar
"""


@pytest.fixture
def downloads(given, monkeypatch):
    """The sample's RNA and fragments are in a table of downloads, and not there."""
    folder, row, assembly = given
    monkeypatch.chdir(folder)
    (folder / "datasets.tsv").write_text(TABLE)
    row |= {
        "rna": "resources/downloads/lung/rna.h5ad",
        "fragments": "resources/downloads/lung/f.tsv.gz",
        "labels": "",
    }
    return given, {"datasets": [str(folder / "datasets.tsv")], "references": [], "made": []}


def test_downloads_are_listed_with_their_sizes_and_not_begun(downloads):
    given, sources = downloads
    found = check(*given, sources=sources)
    listed = found.loc["files"].set_index("file")["problem"]
    assert "downloaded (2.0 MB)" in listed["resources/downloads/lung/rna.h5ad"]
    assert "downloaded (3.0 GB)" in listed["resources/downloads/lung/f.tsv.gz"]
    assert set(found.loc["files", "severity"]) == {"info"}
    room = found.loc["disk"].set_index("file").loc["resources/downloads", "problem"]
    assert room.startswith("3 files to download, 1 of them of unknown size: 3.0 GB needed")
    assert not (given[0] / "resources").exists()
    assert "rna" not in found.index
    assert "reference" in found.index


def test_downloads_that_do_not_fit(downloads, monkeypatch):
    given, sources = downloads
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2_000_000_000))
    assert "3.0 GB needed, 2.0 GB free. Make room" in problems(*given, sources=sources)


def test_files_that_a_rule_makes(downloads):
    given, sources = downloads
    made = [given[1]["rna"], given[1]["fragments"]]
    found = check(*given, sources=sources | {"datasets": [], "made": made}).loc["files"]
    assert set(found["problem"]) == {"Not there yet: the workflow makes it."}


def test_findings_that_are_not_well_are_told_as_text(given):
    folder, row, assembly = given
    row["barcode_transform"] = ""
    fragments(folder, "chr1", [name.removesuffix("-1") for name in BARCODES])
    settings = {"min_overlap": 0.5, "barcode_translation": None, "min_cells": 1}
    text = preflight(
        samples={"s1": row}, assembly=assembly, out=str(folder / "p.tsv"),
        settings=settings | {"results": str(folder)},
    )  # fmt: skip
    assert text.startswith("warning barcodes s1: 0% of the RNA barcodes")
    assert "\n        -> They will be respelt so." in text
    assert "Checks: 1 warning, 1 info, " in text


def test_a_region_set_to_reuse(given):
    folder, row, assembly = given
    path = folder / "mine.bed"
    settings = {"region_set": str(path)}
    assert "mine.bed does not exist" in problems(folder, row, assembly, settings=settings)
    for text, said in (
        ("1\t5\t90\n", "none of its chromosomes"),
        ("chr1\t5\t9000000\n", "reaches"),
    ):
        path.write_text(text)
        assert said in problems(folder, row, assembly, settings=settings)
    path.write_text("chr1\t5\t90\n")
    found = check(folder, row, assembly, settings=settings)
    assert str(path) in set(found["file"])
