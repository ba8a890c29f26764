"""cisTarget against its definition, region by region and rank by rank, and on planted motifs."""

import numpy as np
import pytest
from multiome2vec.regulation.cistarget import FEWEST_HITS, Limits, enrich, recovery, recovery_auc
from scipy import stats

REGIONS, MOTIFS = 400, 60
LIMITS = Limits(auc=50, edge=80)


def permutations(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.stack([rng.permutation(REGIONS) for _ in range(MOTIFS)], axis=1).astype(np.int32)


@pytest.fixture(scope="module")
def planted():
    """Rankings in which motif 7 puts the regions of set a in front, motif 30 those of set b."""
    ranks = permutations(0)
    sets = {"b": np.arange(100, 160), "a": np.arange(40), "none": np.arange(300, 340)}
    for motif, name in ((7, "a"), (30, "b")):
        front = np.random.default_rng(motif).choice(sets[name], 30, replace=False)
        rest = np.setdiff1d(np.arange(REGIONS), front)
        ranks[front, motif] = np.arange(30)
        ranks[rest, motif] = np.random.default_rng(0).permutation(np.arange(30, REGIONS))
    return ranks, sets


def blocks_of(ranks, size):
    def blocks():
        for start in range(0, MOTIFS, size):
            where = slice(start, min(start + size, MOTIFS))
            yield where, ranks[:, where]

    return blocks


def area_by_hand(ranks: np.ndarray, cutoff: int) -> float:
    """Area of the step function with a step at each rank, up to the cut-off, over the largest."""
    last, area = cutoff - 1, 0.0
    for rank in ranks:
        area += max(last - int(rank), 0)
    return area / ((last + 1) * len(ranks))


def test_limits():
    assert Limits.of_own_regions(1_000) == Limits(50, 50)
    assert Limits.of_own_regions(30) == Limits(30, 30)
    assert Limits.of_own_regions(300_000) == Limits(1_500, 15_000)
    assert Limits.of_database(300_000) == Limits(1_500, 15_000)


def test_area_and_recovery():
    mine = permutations(1)[:25]
    expected = [area_by_hand(column, 50) for column in mine.T]
    np.testing.assert_allclose(recovery_auc(mine, 50), expected, rtol=1e-12)
    for column, curve in zip(mine.T, recovery(mine, 90), strict=True):
        assert curve.tolist() == [float((column <= rank).sum()) for rank in range(90)]


@pytest.mark.parametrize("size", [1, 7, 60])
def test_scores_and_leading_edges_follow_the_definition(planted, size):
    ranks, sets = planted
    table, edges = enrich(blocks_of(ranks, size), sets, n_motifs=MOTIFS, limits=LIMITS, min_nes=1.0)
    expected = []
    for name, members in sets.items():
        mine = ranks[members]
        auc = np.array([area_by_hand(column, LIMITS.auc) for column in mine.T])
        nes = stats.zscore(auc)
        curves = np.array([[(c <= r).sum() for r in range(LIMITS.edge)] for c in mine.T])
        bound = curves.mean(axis=0) + 2 * curves.std(axis=0)
        for motif in np.flatnonzero(nes >= 1.0)[np.argsort(-nes[nes >= 1.0], kind="stable")]:
            at = int(np.argmax(curves[motif] - bound))
            hits = members[mine[:, motif] <= at]
            expected.append((name, motif, nes[motif], auc[motif], at, len(hits)))
            np.testing.assert_array_equal(edges[name, motif], hits)
    assert len(edges) == len(expected)
    found = table.to_numpy().tolist()
    for mine, other in zip(found, expected, strict=True):
        assert mine[:2] == list(other[:2])
        assert mine[2:] == pytest.approx(other[2:], rel=1e-9)


def test_planted_motifs_are_found_and_no_others(planted):
    ranks, sets = planted
    table, edges = enrich(blocks_of(ranks, 16), sets, n_motifs=MOTIFS, limits=LIMITS, min_nes=3.5)
    assert table[["region_set", "motif"]].to_numpy().tolist() == [["b", 30], ["a", 7]]
    assert (ranks[edges["a", 7], 7] < 30).sum() == 30


def test_few_hits_make_no_motif_in_a_small_set():
    """Random rankings: in sets of 20 of 20,000 regions many have a high score by one hit."""
    rng = np.random.default_rng(0)
    ranks = np.stack([rng.permutation(20_000).astype(np.int32) for _ in range(300)], axis=1)
    sets = {str(start): np.arange(start, start + 20) for start in range(0, 200, 20)}
    limits = Limits.of_own_regions(20_000)

    def blocks():
        yield slice(0, 300), ranks

    found = {
        least: len(enrich(blocks, sets, n_motifs=300, limits=limits, min_nes=3, min_hits=least)[0])
        for least in (1, FEWEST_HITS)
    }
    assert found[1] > 50
    assert found[FEWEST_HITS] <= 5


def test_no_motif_differs():
    """All motifs alike: no deviation, no score, no motif."""
    ranks = np.repeat(np.arange(REGIONS, dtype=np.int32)[:, None], MOTIFS, axis=1)
    table, edges = enrich(
        blocks_of(ranks, 16), {"a": np.arange(9)}, n_motifs=MOTIFS, limits=LIMITS, min_nes=3
    )
    assert len(table) == 0
    assert edges == {}
