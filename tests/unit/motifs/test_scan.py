import gzip
from pathlib import Path

import numpy as np
import pytest
from multiome2vec.motifs.collection import Motif
from multiome2vec.motifs.formats import read_motifs
from multiome2vec.motifs.scan import (
    PSEUDOCOUNT,
    base_composition,
    gc_content,
    is_too_short,
    log_odds,
    match_matrix,
    score_threshold,
)
from scipy.stats import fisher_exact

RNG = np.random.default_rng(0)
UNIFORM = dict.fromkeys("ACGT", 0.25)
REAL = Path(__file__).resolve().parents[4] / "shared" / "data"


def motif(text: str, name: str = "m", n: int = 20) -> Motif:
    counts = np.full((len(text), 4), 1.0)
    counts[np.arange(len(text)), ["ACGT".index(base) for base in text]] = n
    return Motif(name, name, "", counts)


def random_sequence(length: int) -> str:
    return "".join(RNG.choice(list("ACGT"), length))


def test_both_strands_and_no_match_across_regions():
    site, reverse = "TGACTCATGG", "CCATGAGTCA"
    sequences = [
        "A" * 30 + site + "A" * 30,
        "C" * 30 + reverse + "C" * 20,
        "A" * 50,
        "A" * 30 + site[:5],
        site[5:] + "A" * 30,
        site[:4] + "N" + site[5:],
    ]
    found = match_matrix(sequences, [motif(site)], pvalue=1e-5, background=UNIFORM)
    assert found.dtype == np.uint8
    assert found.toarray().ravel().tolist() == [1, 1, 0, 0, 0, 0]


def test_matches_are_those_of_a_direct_scan():
    """Every window scored by hand, the threshold from the enumerated distribution of scores."""
    m = motif("GATAAG", n=12)
    background = {"A": 0.3, "T": 0.3, "C": 0.2, "G": 0.2}
    b = np.array([background[base] for base in "ACGT"])
    weight = m.counts + PSEUDOCOUNT / 4
    weight /= weight.sum(1, keepdims=True)
    score = np.log2(weight / b)
    grids = np.meshgrid(*[np.arange(4)] * 6, indexing="ij")
    words = np.stack(grids, -1).reshape(-1, 6)
    scores = score[np.arange(6), words].sum(1)
    chance = b[words].prod(1)
    pvalue = 0.004
    reached = {value: chance[scores >= value - 1e-9].sum() for value in np.unique(scores.round(9))}
    threshold = min(value for value, reach in reached.items() if reach <= pvalue)
    sequences = [random_sequence(60) for _ in range(300)]
    expected = []
    for text in sequences:
        code = np.array(["ACGT".index(base) for base in text])
        windows = np.lib.stride_tricks.sliding_window_view(code, 6)
        both = np.concatenate([windows, 3 - windows[:, ::-1]])
        expected.append((score[np.arange(6), both].sum(1) >= threshold - 1e-6).any())
    found = match_matrix(sequences, [m], pvalue=pvalue, background=background).toarray().ravel()
    assert sum(expected) > 20
    np.testing.assert_array_equal(found.astype(bool), expected)


def test_a_window_with_an_unknown_base_never_matches():
    """Even where that base hardly matters to the motif."""
    counts = motif("TGACTCATGG").counts
    counts[4] = 5  # any base
    loose = Motif("m", "m", "", counts)
    sequences = ["CCCCCTGACGCATGGCCCCC", "CCCCCTGACNCATGGCCCCC", "NNN", "TGACNCATGG"]
    found = match_matrix(sequences, [loose], pvalue=1e-3, background=UNIFORM)
    assert found.toarray().ravel().tolist() == [1, 0, 0, 0]


def test_rate_of_matches_in_random_sequence_is_the_pvalue():
    background = {"A": 0.3, "T": 0.3, "C": 0.2, "G": 0.2}
    sequences = [
        "".join(text) for text in RNG.choice(list("ACGT"), (20_000, 30), p=[0.3, 0.2, 0.2, 0.3])
    ]
    fuzzy = Motif("m", "m", "", RNG.integers(0, 30, (11, 4)).astype(float))
    found = match_matrix(sequences, [fuzzy], pvalue=2e-4, background=background)
    windows = 2 * 20 * len(sequences)
    assert found.nnz == pytest.approx(2e-4 * windows, rel=0.25)  # 160 expected, s.d. 13


def test_a_motif_too_short_for_the_pvalue_keeps_its_best_word():
    m = motif("GATAAG")
    weights = log_odds(m, UNIFORM)
    assert is_too_short(weights, UNIFORM, pvalue=5e-5)
    assert not is_too_short(weights, UNIFORM, pvalue=3e-4)
    best = weights.max(axis=1).sum()
    assert score_threshold(weights, UNIFORM, pvalue=5e-5) == pytest.approx(best, abs=2e-4)
    sequences = ["CCCGATAAGCCC", "CCCCTTATCCCC", "CCCGATAACCCC"]
    found = match_matrix(sequences, [m], pvalue=5e-5, background=UNIFORM)
    assert found.toarray().ravel().tolist() == [1, 1, 0]


def test_composition_and_gc():
    assert base_composition(["AAC", "NNN"]) == pytest.approx(
        {"A": 1 / 3, "T": 1 / 3, "C": 1 / 6, "G": 1 / 6}
    )
    assert gc_content("GCNA") == pytest.approx(2 / 3)
    assert gc_content("NN") == 0.5


@pytest.mark.real
def test_any_composition_is_taken():
    """Lightmotif refuses frequencies whose sum in single precision is not 1: 8 % of these."""
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(10, 4))
    for counts in rng.integers(1, 1_000_000, (300, 4)):
        background = dict(zip("ACGT", (counts / counts.sum()).tolist(), strict=True))
        threshold = score_threshold(weights, background, pvalue=1e-3)
        assert threshold < weights.max(axis=1).sum()


def test_ctcf_is_first_in_its_own_binding_sites():
    """CTCF ChIP-seq summits on chr22 against regions of the same GC content beside them."""
    if not REAL.is_dir():
        pytest.skip("the real data are not beside the project (../shared/data)")
    with gzip.open(REAL / "hg38_ref" / "chr22.fa.gz", "rt") as file:
        chr22 = "".join(line.strip() for line in file if not line.startswith(">")).upper()
    summits = np.loadtxt(
        REAL / "motif_positive_control" / "CTCF_chr22_hg38_summits.bed", usecols=1, dtype=int
    )
    bound = [chr22[at - 100 : at + 100] for at in summits]
    starts = RNG.integers(11_000_000, len(chr22) - 1000, 40_000)
    pool = [text for start in starts if "N" not in (text := chr22[start : start + 200])]
    pool_gc = np.array([gc_content(text) for text in pool])
    control, free = [], np.ones(len(pool), dtype=bool)
    for text in bound:
        nearest = np.argmin(np.where(free, np.abs(pool_gc - gc_content(text)), np.inf))
        free[nearest] = False
        control.append(pool[nearest])
    motifs = read_motifs(REAL / "motifs" / "JASPAR2024_CORE_human.jaspar")
    sequences = bound + control
    found = match_matrix(sequences, motifs, pvalue=5e-5, background=base_composition(sequences))
    hits = (
        np.asarray(found[: len(bound)].sum(0)).ravel(),
        np.asarray(found[len(bound) :].sum(0)).ravel(),
    )
    pvalues = [
        fisher_exact([[a, len(bound) - a], [b, len(bound) - b]], alternative="greater").pvalue
        for a, b in zip(*hits, strict=True)
    ]
    assert "CTCF" in motifs[int(np.argmin(pvalues))].title.upper()
