"""Counts in regions against a loop over all pairs and against SnapATAC2."""

import gzip

import numpy as np
import pandas as pd
import pytest
from multiome2vec.errors import UserError
from multiome2vec.peaks import counting
from multiome2vec.peaks.counting import count_in_regions
from multiome2vec.peaks.stream import Batch, stream_fragments

SIZES = pd.Series({"chr1": 3000, "chr2": 2000})
BARCODES = ["AAA-1", "CCC-1", "GGG-1"]


def random_fragments(rng, n=2000):
    chrom = rng.integers(0, 2, n)
    length = rng.integers(1, 400, n)
    start = (rng.random(n) * (SIZES.to_numpy()[chrom] - length)).astype(int)
    cell = rng.integers(0, len(BARCODES), n)
    table = pd.DataFrame(
        {"chrom": SIZES.index[chrom], "start": start, "end": start + length, "cell": cell}
    ).drop_duplicates()
    return table.sort_values(["chrom", "start", "end", "cell"], ignore_index=True)


def random_regions(rng, *, overlapping):
    rows = []
    for chrom, size in SIZES.items():
        edges = np.sort(rng.choice(size, 24, replace=False))
        rows += [(chrom, a, b) for a, b in zip(edges[::2], edges[1::2], strict=True)]
        if overlapping:
            rows += [(chrom, a, min(a + 300, size)) for a in edges[::5]]
    table = pd.DataFrame(rows, columns=["chrom", "start", "end"])
    return table.drop_duplicates().sample(frac=1, random_state=0, ignore_index=True)


def brute_force(fragments, regions, unit):
    counts = np.zeros((len(BARCODES), len(regions)), int)
    inside = np.zeros(len(BARCODES), int)
    for f in fragments.itertuples():
        touched = False
        for column, r in enumerate(regions.itertuples()):
            if r.chrom != f.chrom:
                continue
            ends = (r.start <= f.start < r.end) + (r.start <= f.end - 1 < r.end)
            overlap = f.start < r.end and r.start < f.end
            counts[f.cell, column] += {
                "paired-insertion": int(ends > 0),
                "insertion": ends,
                "fragment": int(overlap),
            }[unit]
            touched |= overlap
        inside[f.cell] += touched
    return counts, inside


def write(fragments, path):
    text = "# header\n" + "".join(
        f"{f.chrom}\t{f.start}\t{f.end}\t{BARCODES[f.cell]}\t1\n" for f in fragments.itertuples()
    )
    path.write_bytes(gzip.compress(text.encode()))
    return path


def count(path, regions, unit, **more):
    batches = stream_fragments(path, barcodes=BARCODES, chrom_sizes=SIZES, **more)
    return count_in_regions(
        batches, regions=regions, chrom_sizes=SIZES, n_cells=len(BARCODES), counting=unit
    )


@pytest.mark.parametrize("unit", ["paired-insertion", "insertion", "fragment"])
@pytest.mark.parametrize("overlapping", [False, True])
def test_counts_equal_a_loop_over_all_pairs(tmp_path, unit, overlapping, monkeypatch):
    rng = np.random.default_rng(1)
    fragments, regions = random_fragments(rng), random_regions(rng, overlapping=overlapping)
    path = write(fragments, tmp_path / "f.tsv.gz")
    monkeypatch.setattr(counting, "FLUSH", 150)  # many partial sums
    found = count(path, regions, unit, batch=100)
    counts, inside = brute_force(fragments, regions, unit)
    np.testing.assert_array_equal(found.counts.toarray(), counts)
    np.testing.assert_array_equal(found.fragments_in_regions, inside)
    np.testing.assert_array_equal(found.fragments, np.bincount(fragments["cell"], minlength=3))
    assert found.counts.dtype == np.int32
    assert found.counts.has_sorted_indices


@pytest.mark.parametrize("unit", ["paired-insertion", "insertion", "fragment"])
def test_counts_equal_snapatac2(tmp_path, unit):
    snap = pytest.importorskip("snapatac2")
    rng = np.random.default_rng(2)
    fragments, regions = random_fragments(rng, 4000), random_regions(rng, overlapping=False)
    path = write(fragments, tmp_path / "f.tsv.gz")
    data = snap.pp.import_fragments(
        path, chrom_sizes=SIZES.to_dict(), min_num_fragments=0, sorted_by_barcode=False
    )
    names = [f"{r.chrom}:{r.start}-{r.end}" for r in regions.itertuples()]
    theirs = snap.pp.make_peak_matrix(data, use_rep=names, counting_strategy=unit)
    found = count(path, regions, unit)
    ours = pd.DataFrame(found.counts.toarray(), index=BARCODES, columns=names)
    table = pd.DataFrame(theirs.X.toarray(), index=theirs.obs_names, columns=theirs.var_names)
    pd.testing.assert_frame_equal(
        table.loc[BARCODES, names], ours, check_dtype=False, check_names=False
    )


def test_both_sites_in_one_region_and_in_two():
    regions = pd.DataFrame({"chrom": "chr1", "start": [100, 300], "end": [200, 400]})
    one, two = np.array([0, 0]), np.array([100, 150])
    batch = Batch(cell=one, chrom=one, start=two, end=np.array([200, 350]), count=one + 1)
    found = {
        unit: count_in_regions(
            [batch], regions=regions, chrom_sizes=SIZES, n_cells=1, counting=unit
        ).counts.toarray()
        for unit in counting.HITS
    }
    assert found["paired-insertion"].tolist() == [[2, 1]]
    assert found["insertion"].tolist() == [[3, 1]]
    assert found["fragment"].tolist() == [[2, 1]]


def test_no_regions_and_no_fragments(tmp_path):
    regions = pd.DataFrame({"chrom": ["chr1"], "start": [5], "end": [9]})
    (tmp_path / "f.tsv").write_text("chr1\t5\t9\tother\t1\nchrM\t5\t9\tAAA-1\t1\n")
    found = count(tmp_path / "f.tsv", regions, "fragment")
    assert found.counts.nnz == found.fragments.sum() == 0
    (tmp_path / "f.tsv").write_text("chr1\t5\t9\tAAA-1\t1\n")
    found = count(tmp_path / "f.tsv", regions[:0], "fragment")
    assert found.counts.shape == (3, 0)
    assert found.fragments.tolist() == [1, 0, 0]
    assert found.fragments_in_regions.sum() == 0


@pytest.mark.parametrize("line", ["chr1\t2900\t3001\tAAA-1\t1", "chr1\t10\t10\tAAA-1\t1"])
def test_fragment_outside_its_chromosome(tmp_path, line):
    (tmp_path / "f.tsv").write_text(line + "\n")
    with pytest.raises(UserError, match=r"another genome build"):
        list(stream_fragments(tmp_path / "f.tsv", barcodes=BARCODES, chrom_sizes=SIZES))


def test_unreadable_fragments(tmp_path):
    (tmp_path / "f.tsv").write_text("chr1\tfive\t10\tAAA-1\t1\n")
    with pytest.raises(UserError, match="cannot be read as fragments"):
        list(stream_fragments(tmp_path / "f.tsv", barcodes=BARCODES, chrom_sizes=SIZES))
    rng = np.random.default_rng(1)
    whole = write(random_fragments(rng), tmp_path / "f.tsv.gz").read_bytes()
    (tmp_path / "f.tsv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="cannot be read as fragments"):
        list(stream_fragments(tmp_path / "f.tsv.gz", barcodes=BARCODES, chrom_sizes=SIZES))


def test_missing_or_additional_columns(tmp_path):
    (tmp_path / "f.tsv").write_text("chr1\t5\t10\tAAA-1\nchr1\t6\t10\tCCC-1\n")
    (batch,) = stream_fragments(tmp_path / "f.tsv", barcodes=BARCODES, chrom_sizes=SIZES)
    assert batch.count.tolist() == [1, 1]
    (tmp_path / "f.tsv").write_text("chr1\t5\t10\tAAA-1\t3\t+\n")
    (batch,) = stream_fragments(tmp_path / "f.tsv", barcodes=BARCODES, chrom_sizes=SIZES)
    assert (batch.cell.tolist(), batch.count.tolist()) == ([0], [3])
