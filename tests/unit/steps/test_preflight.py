"""Every problem of the inputs is found at once, named, and has a remedy."""

import gzip

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


def check(folder, row, assembly) -> pd.DataFrame:
    out = folder / "preflight.tsv"
    preflight(samples={"s1": row}, assembly=assembly, out=str(out))
    return pd.read_csv(out, sep="\t").set_index("check")


def problems(folder, row, assembly) -> str:
    with pytest.raises(UserError) as caught:
        check(folder, row, assembly)
    assert not (folder / "preflight.tsv").exists()
    return str(caught.value)


def test_faultless_inputs_pass(given):
    found = check(*given)
    assert list(found.index) == ["reference", "rna", "fragments", "barcodes", "labels"]
    assert set(found["status"]) == {"ok"}
    assert found.loc["rna", "message"] == "3 barcodes × 2 genes"
    assert found.loc["barcodes", "message"].startswith("100%")


def test_all_problems_are_told_at_once(given):
    folder, row, assembly = given
    fragments(folder, "1", BARCODES)
    (folder / "tss.bed").write_text("I\t10\t11\tA\t.\t+\n")
    row["rna"] = str(folder / "absent.h5ad")
    found = problems(folder, row, assembly)
    for part in ("[reference] ", "tss.bed", "[rna] ", "absent.h5ad does not exist"):
        assert part in found


def test_chromosomes_of_another_naming(given):
    folder, row, assembly = given
    fragments(folder, "1", BARCODES)
    assert "[fragments] " in problems(folder, row, assembly)


def test_barcodes_with_another_suffix_get_the_transformation_that_helps(given):
    folder, row, assembly = given
    fragments(folder, "chr1", [name.removesuffix("-1") for name in BARCODES])
    assert "barcode_transform 'strip-suffix'" in problems(folder, row, assembly)
    row["barcode_transform"] = "strip-suffix"
    assert check(folder, row, assembly).loc["barcodes", "message"].startswith("100%")


def test_files_of_two_samples(given):
    folder, row, assembly = given
    fragments(folder, "chr1", ["TTTTTTTT-1", "TTTTTTTA-1", "TTTTTTTC-1"])
    found = problems(folder, row, assembly)
    assert "RNA and ATAC have no barcodes in common" in found
    assert "Are the two files of the same sample?" in found


def test_values_that_are_no_counts(given):
    folder, row, assembly = given
    cells = ad.read_h5ad(folder / "r.h5ad")
    cells.X = np.log1p(cells.X)
    cells.write_h5ad(folder / "r.h5ad")
    assert "r.h5ad" in problems(folder, row, assembly)
    row["rna_kind"] = "normalized"
    assert check(folder, row, assembly).loc["rna", "status"] == "ok"


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
    assert check(folder, row, assembly).loc["atac", "message"] == "3 barcodes × 2 regions"


def test_no_reference_is_a_warning(given):
    folder, row, _ = given
    assert check(folder, row, NOTHING).loc["reference", "status"] == "warning"
