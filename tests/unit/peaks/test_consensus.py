"""Consensus regions against the definition, spelt out with loops."""

import time

import numpy as np
import pandas as pd
import pytest
from multiome2vec.errors import UserError
from multiome2vec.peaks.consensus import consensus_regions, overlaps_any

SIZES = pd.Series({"chr1": 20_000, "chr2": 9_000})
NOTHING = pd.DataFrame({"chrom": [], "start": [], "end": []})


def peaks(*rows):
    return pd.DataFrame(rows, columns=["chrom", "summit", "score"])


def consensus(groups, *, sizes=SIZES, blacklist=NOTHING, half_width=250, min_score=0):
    return consensus_regions(
        groups, chrom_sizes=sizes, blacklist=blacklist, half_width=half_width, min_score=min_score
    )


def brute_force(groups, blacklist, half_width):
    def overlap(a, b):
        return a[0] == b[0] and a[1] < b[2] and b[1] < a[2]

    def iterative(candidates):
        left, kept = sorted(candidates, key=lambda r: (-r[3], r[0], r[1], r[4])), []
        while left:
            best = left.pop(0)
            kept.append(best)
            left = [region for region in left if not overlap(region, best)]
        return kept

    own = []
    for name, table in groups.items():
        total = table["score"].sum()
        regions = [
            (p.chrom, p.summit - half_width, p.summit + half_width, p.score * (1e6 / total), name)
            for p in table.itertuples()
        ]
        regions = [
            r
            for r in regions
            if r[1] >= 0
            and r[2] <= SIZES.get(r[0], -1)
            and not any(overlap(r, b) for b in blacklist.itertuples(index=False))
        ]
        own += iterative(regions)
    final = sorted(iterative(own), key=lambda r: r[:2])
    support = [",".join(sorted({o[4] for o in own if overlap(o, r)})) for r in final]
    return [(*r[:3], s) for r, s in zip(final, support, strict=True)], [r[3] for r in final]


@pytest.mark.parametrize("seed", range(5))
def test_equals_the_definition(seed):
    rng = np.random.default_rng(seed)
    groups = {}
    for name in ("B.s1", "B.s2", "T.s1"):
        n = 60
        chrom = rng.choice(["chr1", "chr2", "chrUn"], n, p=[0.6, 0.3, 0.1])
        groups[name] = pd.DataFrame(
            {
                "chrom": chrom,
                "summit": rng.integers(0, 20_000, n) // 40 * 40,
                "score": rng.integers(1, 20, n).astype(float),
            }
        ).drop_duplicates(["chrom", "summit"])
    blacklist = pd.DataFrame({"chrom": ["chr1", "chr1"], "start": [0, 700], "end": [10, 800]})
    found = consensus(groups, blacklist=blacklist)
    expected, scores = brute_force(groups, blacklist, 250)
    rows = found[["chrom", "start", "end", "groups"]].itertuples(index=False, name=None)
    assert list(rows) == expected
    np.testing.assert_allclose(found["score"], scores)


def test_scores_are_scaled_within_groups():
    # raw, the deep group would win with its weak summit; scaled, the shallow group's only one does
    deep = peaks(("chr1", 1100, 50.0), ("chr1", 5000, 950.0))
    shallow = peaks(("chr1", 1000, 5.0))
    found = consensus({"deep": deep, "shallow": shallow})
    assert found["start"].tolist() == [750, 4750]
    assert found["score"].tolist() == [1e6, pytest.approx(950_000)]
    assert found["groups"].tolist() == ["deep,shallow", "deep"]


def test_regions_next_to_each_other_do_not_overlap():
    found = consensus({"a": peaks(("chr1", 1000, 2.0), ("chr1", 1500, 1.0), ("chr1", 1499, 0.5))})
    assert found[["start", "end"]].to_numpy().tolist() == [[750, 1250], [1250, 1750]]


def test_chromosome_ends_are_respected():
    table = peaks(*[("chr2", s, 1.0) for s in (249, 250, 8750, 8751)], ("chrM", 500, 9.0))
    found = consensus({"a": table})
    assert found["start"].tolist() == [0, 8500]


def test_minimal_score_and_empty_groups():
    groups = {"a": peaks(("chr1", 1000, 9.0), ("chr1", 3000, 1.0)), "b": peaks()}
    assert len(consensus(groups, min_score=100_001)) == 1
    with pytest.raises(UserError, match="No peak is left"):
        consensus(groups, min_score=1e6)
    with pytest.raises(UserError, match="No peak is left"):
        consensus({})


def test_overlap_with_nested_and_touching_intervals():
    others = pd.DataFrame({"chrom": "chr1", "start": [0, 10, 50], "end": [40, 20, 60]})
    regions = pd.DataFrame(
        {"chrom": ["chr1"] * 4 + ["chr2"], "start": [30, 40, 60, 59, 0], "end": [35, 50, 70, 61, 9]}
    )
    assert overlaps_any(regions, others).tolist() == [True, False, False, True, False]


def test_a_million_summits_in_well_under_a_minute():
    rng = np.random.default_rng(0)
    sizes = pd.Series({"chr1": 200_000_000})
    groups = {
        f"g{i}": pd.DataFrame(
            {
                "chrom": "chr1",
                "summit": rng.integers(0, 2_000_000, 100_000) * 100,
                "score": rng.random(100_000),
            }
        )
        for i in range(10)
    }
    start = time.perf_counter()
    found = consensus(groups, sizes=sizes)
    assert time.perf_counter() - start < 30
    assert (np.diff(found["start"]) >= 500).all()
