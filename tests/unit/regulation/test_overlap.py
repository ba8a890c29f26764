import numpy as np
import pandas as pd
from multiome2vec.regulation.overlap import overlapping


def table(*rows):
    return pd.DataFrame(rows, columns=["chrom", "start", "end"])


def test_more_than_two_fifths_of_either_region():
    ours = table(("chr1", 0, 100), ("chr1", 100, 200), ("chr2", 0, 500))
    theirs = table(
        ("chr1", 60, 160),  # exactly two fifths of our first region: not enough
        ("chr2", 400, 450),  # a tenth of ours, but all of theirs
        ("chr1", 159, 1000),  # 41 bp of ours
        ("chr1", 200, 300),  # touches only
    )
    pairs = overlapping(ours, theirs)
    assert np.array_equal(pairs, [[1, 1, 2], [0, 2, 1]])


def test_agrees_with_all_pairs():
    rng = np.random.default_rng(1)

    def regions(n):
        start = rng.integers(0, 5000, n)
        chrom = rng.choice(["chr1", "chr2"], n)
        return pd.DataFrame(
            {"chrom": chrom, "start": start, "end": start + rng.integers(1, 400, n)}
        )

    ours, theirs = regions(60), regions(80)
    expected = [
        (i, j)
        for i, (chrom, start, end) in enumerate(ours.itertuples(index=False))
        for j, (other, first, last) in enumerate(theirs.itertuples(index=False))
        if chrom == other
        and min(end, last) - max(start, first) > 0.4 * min(end - start, last - first)
    ]
    assert list(zip(*overlapping(ours, theirs), strict=True)) == expected
