"""Fragments: order, structure and the matrix of cut sites."""

import numpy as np
import pandas as pd
from multiome2vec.simulate.atac import NAMES, Fragments, count_cut_sites, pack, unpack


def test_packing_is_lossless_and_sorts_like_the_file():
    rng = np.random.default_rng(0)
    size = 1000
    chrom, length = rng.integers(0, 4, size), rng.integers(25, 500, size)
    middle, droplet = rng.integers(1000, 15_000, size), rng.integers(0, 900, size)
    limits = np.array([20_000] * 3 + [16_569])
    code = np.sort(pack(chrom, middle, length, droplet, limits))
    found = unpack(code, np.ones(size))
    rows = sorted(
        zip(chrom, middle - length // 2, middle - length // 2 + length, droplet, strict=True)
    )
    np.testing.assert_array_equal(
        np.array([found.chrom, found.start, found.end, found.droplet]).T, np.array(rows)
    )


def test_fragments_stay_on_their_chromosome():
    limits = np.array([1000, 1000, 1000, 1000])
    middle, length = np.array([-50, 20, 990]), np.array([80, 80, 80])
    found = unpack(pack(np.zeros(3, dtype=int), middle, length, np.zeros(3, int), limits), length)
    np.testing.assert_array_equal(found.start, [0, 0, 920])
    np.testing.assert_array_equal(found.end, [80, 80, 1000])


def test_cut_sites_against_a_loop():
    rng = np.random.default_rng(1)
    start = np.sort(rng.integers(0, 5000, 400))
    chrom = np.sort(rng.integers(0, 2, 400))
    end = start + rng.integers(30, 300, 400)
    droplet = rng.integers(0, 7, 400)
    fragments = Fragments(chrom, start, end, droplet, np.ones(400))
    intervals = pd.DataFrame(
        {
            "chrom": ["chr1", "chr1", "chr2"],
            "start": [100, 2000, 50],
            "end": [900, 2400, 4000],
        }
    )
    expected = np.zeros((7, 3), dtype=int)
    for c, s, e, d in zip(chrom, start, end, droplet, strict=True):
        for i, row in intervals.iterrows():
            if NAMES[c] == row["chrom"]:
                expected[d, i] += sum(row["start"] <= x < row["end"] for x in (s, e - 1))
    np.testing.assert_array_equal(count_cut_sites(fragments, intervals, 7).toarray(), expected)


def test_structure_of_the_fragments(data):
    cells = data.cells[data.cells["sample"] == "s1"].reset_index(drop=True)
    found = data.fragments["s1"]
    order = np.lexsort((found.droplet, found.end, found.start, found.chrom))
    np.testing.assert_array_equal(order, np.arange(len(found)))

    good = (cells["kind"] == "cell").to_numpy()[found.droplet]
    length = (found.end - found.start)[good]
    free, mono = (length < 147).sum(), ((length >= 147) & (length < 295)).sum()
    assert 0.3 < mono / free < 1  # nucleosome signal
    unique = 1 - good.sum() / found.count[good].sum()
    assert abs(unique - 0.35) < 0.02  # duplicates
    mitochondrial = (found.chrom[good] == NAMES.index("chrM")).mean()
    assert abs(mitochondrial - 0.02) < 0.004

    inside = count_cut_sites(found, data.regions, len(cells)).sum(axis=1)
    share = np.asarray(inside).ravel() / np.maximum(2 * np.bincount(found.droplet), 1)
    median = pd.Series(share).groupby(cells["kind"]).median()
    assert 0.45 < median["cell"] < 0.65
    assert median["empty"] < 0.25


def test_artefacts_pile_up_in_the_blacklist(data):
    cells = data.cells[data.cells["sample"] == "s1"]
    found = data.fragments["s1"]
    piled = count_cut_sites(found, data.blacklist, len(cells)).sum(axis=0)
    regions = count_cut_sites(found, data.regions, len(cells)).sum(axis=0)
    assert piled.min() > np.median(np.asarray(regions))


def test_insertions_gather_at_transcription_start_sites(data):
    found = data.fragments["s1"]
    tss = data.genes[data.genes["expressed"] & data.genes["chrom"].isin(NAMES[:3])]
    at = []
    for site in (found.start, found.end - 1):
        for i, chrom in enumerate(NAMES[:3]):
            here = np.sort(site[found.chrom == i])
            for position in tss.loc[tss["chrom"] == chrom, "tss"]:
                centre = np.searchsorted(here, [position - 5, position + 6])
                flank = np.searchsorted(here, [position - 2000, position - 1900])
                at.append([np.diff(centre)[0] / 11, np.diff(flank)[0] / 100])
    centre, flank = np.mean(at, axis=0)
    assert centre > 5 * flank
