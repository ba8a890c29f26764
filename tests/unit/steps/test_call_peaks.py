"""Peak calling over groups, with MACS3 left out where only the bookkeeping is looked at."""

import numpy as np
import pandas as pd
import pyBigWig
import pytest
from installed import needs_macs2
from multiome2vec.errors import UserError
from multiome2vec.steps import call_peaks as step
from multiome2vec.steps.consensus import consensus
from toy_chromosomes import write_chromosomes

SETTINGS = {
    "qvalue": 0.05, "max_count": 1, "genome_size": 100_000,
    "mode": "fragments", "shift": None, "extsize": None,
}  # fmt: skip


@pytest.fixture
def data(tmp_path):
    """Two samples, labels B (peak at 20 kb) and T (50 kb), one label with a single cell."""
    rng = np.random.default_rng(0)
    cells, labels = ["cell\tsample\tfragment_barcode\tkeep\treason"], ["cell\tlabel\tlabel_source"]
    for sample in ("s1", "s2"):
        rows = []
        for cell, label in [
            *((f"B{i}", "B") for i in range(8)),
            *((f"T{i}", "T") for i in range(8)),
        ]:
            spots = rng.normal(20_000 if label == "B" else 50_000, 50, 30).astype(int)
            for at in [*spots, *rng.integers(1000, 99_000, 5)]:
                rows.append(("chr1", at - 60, at + 60, cell, 1))
            rows.append(("chrM", 10, 90, cell, 1))
            cells.append(f"{sample}#{cell}\t{sample}\t{cell}\tTrue\t")
            labels.append(f"{sample}#{cell}\t{label}\tx")
        rows += [("chr1", 5, 9, "lone", 1), ("chr1", 5, 9, "dropped", 1)]
        cells.append(f"{sample}#lone\t{sample}\tlone\tTrue\t")
        cells.append(f"{sample}#dropped\t{sample}\tdropped\tFalse\tlow_genes")
        labels.append(f"{sample}#lone\tRare\tx")
        table = pd.DataFrame(rows).sort_values([0, 1, 2])
        table.to_csv(tmp_path / f"{sample}.tsv", sep="\t", header=False, index=False)
    (tmp_path / "pre.tsv").write_text("\n".join(cells) + "\n")
    (tmp_path / "labels.tsv").write_text("\n".join(labels) + "\n")
    write_chromosomes(tmp_path / "chromosomes.tsv", chr1=100_000, chrM=1000)
    return tmp_path


def run(data, *, minima=None, threads=2, out="macs3", caller="macs3"):
    step.call_peaks(
        labels=str(data / "labels.tsv"),
        barcodes=str(data / "pre.tsv"),
        fragments={sample: str(data / f"{sample}.tsv") for sample in ("s1", "s2")},
        chromosomes=str(data / "chromosomes.tsv"),
        table=str(data / out / "groups.tsv"),
        folder=str(data / out / "groups"),
        caller=caller,
        settings=SETTINGS,
        minima=minima or {"cells": 5, "fragments": 100},
        threads=threads,
    )
    return pd.read_csv(data / out / "groups.tsv", sep="\t", keep_default_na=False)


def test_groups_peaks_and_consensus(data):
    groups = run(data)
    assert groups["label"].tolist() == ["B", "B", "Rare", "Rare", "T", "T"]
    assert groups["fragments"].tolist() == [280, 280, 1, 1, 280, 280]  # chrM is left out
    assert groups["status"].tolist() == ["called"] * 2 + ["skipped"] * 2 + ["called"] * 2
    assert groups["reason"][2] == "1 cells, fewer than peaks.min_cells (5)"
    assert (groups["peaks"][groups["status"] == "called"] > 0).all()
    made = sorted(path.name for path in (data / "macs3" / "groups").iterdir())
    assert made == sorted(f"{g}.{s}.{e}" for g in "BT" for s in ("s1", "s2") for e in _ENDS)
    assert sorted(path.name for path in (data / "macs3").iterdir()) == ["groups", "groups.tsv"]
    with pyBigWig.open(str(data / "macs3" / "groups" / "B.s1.bw")) as track:
        assert track.stats("chr1", 19_950, 20_050)[0] > 50 * track.stats("chr1", 0, 10_000)[0]
    consensus(
        groups=str(data / "macs3" / "groups.tsv"),
        folder=str(data / "macs3" / "groups"),
        chromosomes=str(data / "chromosomes.tsv"),
        blacklist=None,
        bed=str(data / "consensus.bed"),
        half_width=250,
        min_score=0,
    )
    bed = pd.read_csv(data / "consensus.bed", sep="\t", header=None)
    assert (bed[2] - bed[1] == 500).all()
    assert (bed[3] == bed[0] + ":" + bed[1].astype(str) + "-" + bed[2].astype(str)).all()
    at_b = bed[(bed[1] < 20_000) & (bed[2] > 20_000)]
    at_t = bed[(bed[1] < 50_000) & (bed[2] > 50_000)]
    assert at_b[6].tolist() == ["B.s1,B.s2"]
    assert at_t[6].tolist() == ["T.s1,T.s2"]


_ENDS = ("bw", "narrowPeak")


def test_number_of_threads_does_not_change_the_result(data):
    run(data, threads=1, out="one")
    run(data, threads=3, out="three")
    for path in (data / "one" / "groups").iterdir():
        assert path.read_bytes() == (data / "three" / "groups" / path.name).read_bytes()


@needs_macs2
def test_macs2_gives_the_results_of_macs3(data):
    run(data)
    run(data, caller="macs2", out="macs2")
    for path in (data / "macs3").rglob("*.*"):
        twin = data / "macs2" / path.relative_to(data / "macs3")
        assert path.read_bytes() == twin.read_bytes(), path


@pytest.fixture
def no_caller(monkeypatch):
    """A caller that finds nothing."""
    monkeypatch.setattr(
        step.CALLERS, "get", lambda _: lambda _, *, narrow_peak, **__: narrow_peak.write_text("")
    )


def test_a_group_without_peaks_is_called_with_none(data, no_caller, caplog):
    groups = run(data)
    assert groups["peaks"].tolist() == [0] * 6
    assert (groups["status"] == "called").sum() == 4
    assert "B.s1: no peak at this q-value" in caplog.text


def test_too_few_fragments_everywhere_is_refused_with_the_remedy(data, no_caller):
    with pytest.raises(UserError, match=r"has 5 cells and 281 fragments.*Lower peaks.min_cells"):
        run(data, minima={"cells": 5, "fragments": 281})
    assert not (data / "macs3" / "groups").exists()
    with pytest.raises(UserError, match=r"8 cells, 280 fragments"):
        run(data, minima={"cells": 9, "fragments": 1})


def test_unlabelled_cells_are_said(data, no_caller, caplog):
    labels = (data / "labels.tsv").read_text().replace("s1#B0\tB\tx\n", "")
    (data / "labels.tsv").write_text(labels)
    groups = run(data)
    assert groups["cells"].tolist() == [7, 8, 1, 1, 8, 8]
    assert "1 of 34 cells have no label" in caplog.text
