"""Metrics of a made-up library against direct counting."""

import gzip

import numpy as np
import pandas as pd
import pytest
from multiome2vec import keys
from multiome2vec.io.snap import import_fragments
from multiome2vec.qc.atac import (
    atac_limits,
    atac_metrics,
    judge_atac,
    length_profile,
    nucleosome_signal,
    tss_enrichment,
)

SIZES = pd.Series({"chr1": 200_000, "chrM": 16_000})
TSS = pd.DataFrame(
    [("chr1", 20_000, "+"), ("chr1", 60_000, "-"), ("chr1", 60_010, "+"), ("chr1", 60_000, "-")],
    columns=[keys.CHROM, keys.START, "strand"],
)
SPREAD = {"A": 20, "B": 200, "C": 1500, "D": 4000}  # of fragments around start sites, bp


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    found = []
    for barcode, spread in SPREAD.items():
        for site in rng.choice(TSS[keys.START], 800):
            start = max(0, int(rng.normal(site, spread)))
            found.append(("chr1", start, start + int(rng.integers(40, 600)), barcode, 1))
    found += [("chrM", 100 + i, 180 + i, "A", 2) for i in range(50)]
    found += [("chrUn", 10, 90, "B", 1), ("chr1", 7, 77, "unwanted", 1)]
    return sorted(found)


@pytest.fixture(scope="module")
def fragments(rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fragments")
    path = folder / "fragments.tsv.gz"
    with gzip.open(path, "wt") as out:
        out.writelines("\t".join(map(str, row)) + "\n" for row in rows)
    return import_fragments(
        path,
        barcodes=["D", "C", "B", "A", "absent"],
        chrom_sizes=SIZES,
        mitochondrion="chrM",
        scratch=folder,
    )


def enrichment(ends: np.ndarray) -> float:
    """Compute the score by its definition: distinct sites, both ends of every fragment."""
    profile = np.zeros(4001)
    for _, site, strand in TSS.drop_duplicates().itertuples(index=False):
        distance = (ends - site) * (1 if strand == "+" else -1)
        near = distance[np.abs(distance) <= 2000] + 2000
        np.add.at(profile, near, 1)
    background = np.concatenate([profile[:100], profile[-100:]]).mean() + 0.1
    return profile[1995:2006].mean() / background


def lengths_of(rows, barcode):
    on = [row for row in rows if row[3] == barcode and row[0] in SIZES.index]
    return np.array([end - start for _, start, end, *_ in on])


def test_rows_are_the_barcodes_that_have_fragments(fragments):
    assert fragments.obs_names.tolist() == ["D", "C", "B", "A"]
    assert fragments.obs["n_fragment"].tolist() == [800] * 4  # mitochondrial ones not counted
    assert fragments.obs.loc["A", "frac_mito"] == pytest.approx(50 / 850)
    assert fragments.obs.loc["A", "frac_dup"] == pytest.approx(50 / 900)


def test_tsse_by_its_definition(fragments, rows):
    cells, profile, library = tss_enrichment(fragments, TSS, mitochondrion="chrM")
    ends = {
        barcode: np.array(
            [x for c, s, e, b, _ in rows if b == barcode and c == "chr1" for x in (s, e - 1)]
        )
        for barcode in SPREAD
    }
    expected = [enrichment(ends[barcode]) for barcode in fragments.obs_names]
    np.testing.assert_allclose(cells, expected, rtol=1e-9)
    assert cells[3] > cells[0]
    assert library == pytest.approx(enrichment(np.concatenate(list(ends.values()))), rel=1e-6)
    assert profile.index[0] == -2000
    assert profile.loc[-5:5].mean() == pytest.approx(library, rel=1e-6)


def test_nucleosome_signal_and_lengths(fragments, rows):
    expected = []
    for barcode in fragments.obs_names:
        lengths = lengths_of(rows, barcode)
        expected.append(((lengths >= 147) & (lengths < 294)).sum() / (lengths < 147).sum())
    np.testing.assert_allclose(nucleosome_signal(fragments), expected)
    everything = np.concatenate([lengths_of(rows, barcode) for barcode in SPREAD])
    profile = length_profile(fragments)
    assert profile.sum() == len(everything)
    assert profile.loc[100] == (everything == 100).sum()


def test_nucleosome_signal_is_finite_without_short_fragments(fragments):
    long = fragments.copy()
    long.obsm["fragment_paired"].data[:] = 200
    assert nucleosome_signal(long).tolist() == [800, 800, 800, 850]


def test_blacklist_and_missing_reference(fragments, rows):
    blacklist = pd.DataFrame([("chr1", 21_000, 23_000)], columns=[keys.CHROM, keys.START, keys.END])
    metrics, profile = atac_metrics(fragments, tss=None, blacklist=blacklist, mitochondrion="chrM")
    mine = [(s, e) for c, s, e, b, _ in rows if b == "D" and c == "chr1"]
    inside = np.mean([s < 23_000 and e > 21_000 for s, e in mine])
    assert metrics.loc["D", keys.BLACKLIST_FRACTION] == pytest.approx(inside)
    assert metrics[keys.TSSE].isna().all()
    assert set(profile["kind"]) == {"length"}


def test_verdict():
    metrics = pd.DataFrame(
        {
            keys.N_FRAGMENT: [1000, 999, 5000, 5000],
            keys.TSSE: [5.0, 4.9, np.nan, 9],
            keys.NUCLEOSOME_SIGNAL: [4.0, 0, 0, 4.1],
        },
        index=list("abcd"),
    )
    given = {"min_log10_fragments": 3, "min_tsse": 5, "max_nucleosome_signal": 4}
    found = judge_atac(metrics, atac_limits(mode="auto", **given))
    assert found[keys.ATAC_REASON].tolist() == [
        "",
        "low_fragments;low_tsse",
        "",
        "high_nucleosome_signal",
    ]
    assert found[keys.ATAC_PASS].tolist() == [True, False, True, False]
    assert judge_atac(metrics, atac_limits(mode="none", **given))[keys.ATAC_PASS].all()
