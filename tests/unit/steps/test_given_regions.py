"""Region sets that are not called here."""

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from multiome2vec.errors import UserError
from multiome2vec.steps.given_regions import given_regions
from toy_chromosomes import write_chromosomes

KINDS = {"pattern": "^chr[0-9]+$", "mitochondrion": "chrM"}


def matrix(path, names):
    var = pd.DataFrame(index=names)
    var["chrom"] = [name.split(":")[0] for name in names]
    ends = [name.split(":")[1].split("-") for name in names]
    var["start"], var["end"] = [int(a) for a, _ in ends], [int(b) for _, b in ends]
    counts = sp.csr_matrix(np.ones((1, len(names)), dtype=np.int32))
    ad.AnnData(counts, pd.DataFrame(index=["c"]), var).write_h5ad(path)
    return str(path)


def run(tmp_path, *, bed=None, matrices=(), sizes=True, blacklist=True, names=None):
    table = write_chromosomes(tmp_path / "chromosomes.tsv", chr2=5000, chr1=9000, chrM=500)
    (tmp_path / "blacklist.bed").write_text("chr1\t100\t200\n")
    if bed is not None:
        (tmp_path / "mine.bed").write_text(bed)
    given_regions(
        bed=str(tmp_path / "mine.bed") if bed is not None else None,
        matrices=matrices,
        chromosomes=table if sizes else None,
        blacklist=str(tmp_path / "blacklist.bed") if blacklist else None,
        out=str(tmp_path / "consensus.bed"),
        kinds=KINDS,
        chromosome_names=names,
    )
    return (tmp_path / "consensus.bed").read_text().splitlines()


def test_bed_is_sorted_and_cleaned(tmp_path, caplog):
    caplog.set_level("INFO")
    bed = "chr1\t300\t900\tx\nchr1\t150\t400\nchr2\t7\t9\nchrM\t1\t5\nchrUn\t1\t5\nchr1\t300\t900\n"
    assert run(tmp_path, bed=bed) == [
        "chr2\t7\t9\tchr2:7-9\t0\t.\t.",
        "chr1\t300\t900\tchr1:300-900\t0\t.\t.",
    ]
    assert "6 regions; left out: 1 repeated, 2 not on standard chromosomes, 1 black" in caplog.text


def test_regions_of_ready_matrices(tmp_path):
    names = ["chr10:5-9", "chr2:50-90", "chr2:5-9"]
    paths = [matrix(tmp_path / "a.h5ad", names), matrix(tmp_path / "b.h5ad", names[::-1])]
    found = run(tmp_path, matrices=paths, sizes=False, blacklist=False)
    assert [line.split("\t")[3] for line in found] == ["chr2:5-9", "chr2:50-90", "chr10:5-9"]


def test_matrices_with_other_regions_are_refused(tmp_path):
    paths = [
        matrix(tmp_path / "a.h5ad", ["chr1:5-9", "chr2:5-9"]),
        matrix(tmp_path / "b.h5ad", ["chr1:5-9", "chr2:5-10"]),
    ]
    with pytest.raises(UserError, match=r"b.h5ad and .*a.h5ad do not have the same regions: chr2:"):
        run(tmp_path, matrices=paths)


def test_region_of_another_build_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"chr2:4000-5001 leaves its chromosome, which has 5000 bp"):
        run(tmp_path, bed="chr2\t4000\t5001\n")


def test_no_region_left(tmp_path):
    with pytest.raises(UserError, match="none of its 2 regions"):
        run(tmp_path, bed="chrM\t0\t10\nchr1\t120\t130\n")


def test_a_bed_file_with_other_names_of_chromosomes(tmp_path):
    bed = "2\t10\t60\n1\t500\t900\n"
    with pytest.raises(UserError, match="none of its chromosomes .*assemblies.<name>.chromosome_n"):
        run(tmp_path, bed=bed)
    (tmp_path / "names.tsv").write_text("1\tchr1\n2\tchr2\n")
    names = str(tmp_path / "names.tsv")
    found = [line.split("\t")[:3] for line in run(tmp_path, bed=bed, names=names)]
    assert found == [["chr2", "10", "60"], ["chr1", "500", "900"]]
    with pytest.raises(UserError, match="its chromosome 2 is chr2 in the assembly"):
        run(tmp_path, bed="chr1\t500\t900\n2\t10\t60\n")
