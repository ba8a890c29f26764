"""Coverage against a base-by-base count."""

import numpy as np
import pandas as pd
import pyBigWig
import pytest
from multiome2vec.peaks.coverage import coverage, write_bigwig

SIZES = pd.Series({"chr1": 400, "chr2": 300, "chr3": 200})


def base_by_base(start, end, size):
    depth = np.zeros(size, int)
    for a, b in zip(start, end, strict=True):
        depth[a:b] += 1
    return depth


def test_coverage_equals_base_by_base_depth():
    rng = np.random.default_rng(0)
    start = rng.integers(0, 350, 60)
    end = start + rng.integers(1, 50, 60)
    starts, ends, depth = coverage(start, end)
    spread = np.zeros(400, int)
    for a, b, d in zip(starts, ends, depth, strict=True):
        assert (spread[a:b] == 0).all()
        spread[a:b] = d
    np.testing.assert_array_equal(spread, base_by_base(start, end, 400))
    assert (depth > 0).all()
    touching = starts[1:] == ends[:-1]
    assert (depth[1:][touching] != depth[:-1][touching]).all()  # no stretch is split


def test_bigwig_is_per_million_and_reproducible(tmp_path):
    rng = np.random.default_rng(1)
    chrom = np.sort(rng.choice(["chr1", "chr2"], 200))
    start = rng.integers(0, 250, 200)
    table = pd.DataFrame({"c": chrom, "s": start, "e": start + 30, "b": 0, "n": 3})
    table.to_csv(tmp_path / "f.tsv", sep="\t", header=False, index=False)
    for name in ("a.bw", "b.bw"):
        write_bigwig(tmp_path / "f.tsv", tmp_path / name, chrom_sizes=SIZES)
    assert (tmp_path / "a.bw").read_bytes() == (tmp_path / "b.bw").read_bytes()
    track = pyBigWig.open(str(tmp_path / "a.bw"))
    assert track.chroms() == SIZES.to_dict()
    for name in ("chr1", "chr2"):
        own = chrom == name
        found = np.nan_to_num(track.values(name, 0, int(SIZES[name]), numpy=True))
        expected = base_by_base(start[own], start[own] + 30, SIZES[name]) * 1e6 / 200
        np.testing.assert_allclose(found, expected)
    assert track.intervals("chr3") is None


@pytest.mark.parametrize("n", [1, 2])
def test_equal_intervals(n):
    starts, ends, depth = coverage(np.full(n, 5), np.full(n, 9))
    assert (starts.tolist(), ends.tolist(), depth.tolist()) == ([5], [9], [n])
