import gzip

import numpy as np
import pandas as pd
import pytest
from multiome2vec.io.sheet import COLUMNS
from multiome2vec.preflight.findings import Findings
from multiome2vec.preflight.fragments import check_fragments, enrichment
from multiome2vec.preflight.reference import Reference

WIDTH = 1_000_000
SITES = np.arange(10_000, WIDTH, 20_000)


def places(rng, share: float) -> np.ndarray:
    """Insertions of which a share lies around start sites."""
    n = 40_000
    near = rng.choice(SITES, int(share * n)) + rng.integers(-100, 100, int(share * n))
    return np.sort(np.concatenate([near, rng.integers(0, WIDTH, n - len(near))]))


def test_enrichment_around_start_sites():
    rng = np.random.default_rng(0)
    assert enrichment(places(rng, 0), SITES, WIDTH) == pytest.approx(1, abs=0.1)
    # a tenth of all within 300 bp of 50 sites in 1 Mb: 0.1 / 0.015, and chance
    assert enrichment(places(rng, 0.1), SITES, WIDTH) == pytest.approx(7.6, abs=0.2)
    assert enrichment(places(rng, 0.1), SITES[:29], WIDTH) is None
    assert enrichment(places(rng, 0.1)[:9_999], SITES, WIDTH) is None


def check(folder, share: float, head: str = "") -> pd.DataFrame:
    start = places(np.random.default_rng(0), share)
    lines = [f"chr1\t{i}\t{i + 20}\tB{i % 9}\t1\n" for i in start]
    (folder / "f.tsv.gz").write_bytes(gzip.compress((head + "".join(lines)).encode()))
    row = dict.fromkeys(COLUMNS, "") | {"fragments": str(folder / "f.tsv.gz")}
    sites = pd.DataFrame({"chrom": "chr1", "site": SITES})
    findings = Findings()
    known = Reference(sizes={"chr1": 2 * WIDTH}, build="hg38", sites=sites)
    check_fragments(row, known, findings, sample="s")
    return findings.table()


def test_another_annotation_shows_in_the_enrichment(tmp_path):
    told = check(tmp_path, 0.1)
    assert set(told["severity"]) == {"ok", "info"}
    told = check(tmp_path, 0)
    assert told["severity"][0] == "warning"
    assert "times as dense around start sites as by chance" in told["problem"][0]


def test_another_build_shows_in_the_header(tmp_path):
    path = "# id=s\n# reference_path=/opt/refdata-cellranger-arc-{}-2020-A\n"
    assert "warning" not in set(check(tmp_path, 0.1, path.format("GRCh38"))["severity"])
    told = check(tmp_path, 0.1, path.format("mm10"))
    assert "Its header says mm10" in told["problem"][0]
    assert "the assembly is hg38" in told["problem"][0]
