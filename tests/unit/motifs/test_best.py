import numpy as np
import pytest
from multiome2vec.motifs.best import WORST, best_scores, rankings
from multiome2vec.motifs.collection import Motif
from multiome2vec.motifs.scan import log_odds

BACKGROUND = {"A": 0.3, "T": 0.3, "C": 0.2, "G": 0.2}


@pytest.fixture(scope="module")
def collection():
    rng = np.random.default_rng(1)
    lengths = (5, 8, 12, 21)
    return [Motif(f"m{n}", "m", "", rng.integers(0, 30, (n, 4)).astype(float)) for n in lengths]


@pytest.fixture(scope="module")
def sequences():
    """Of many lengths, some shorter than a motif, some with unknown bases."""
    rng = np.random.default_rng(2)
    found = ["".join(rng.choice(list("ACGT"), n)) for n in rng.integers(15, 90, 150)]
    found[3] = found[3][:4] + "N" + found[3][5:]
    found[4] = "N" * 30
    found[-1] = "ACG"
    return found


def by_hand(text: str, motif: Motif) -> float:
    """Largest score over the windows without N, each base looked up."""
    weights, best = log_odds(motif, BACKGROUND), float(WORST)
    for strand in (weights, weights[::-1, ::-1]):
        for at in range(len(text) - len(weights) + 1):
            window = text[at : at + len(weights)]
            if "N" not in window:
                best = max(best, sum(strand[i, "ACGT".index(b)] for i, b in enumerate(window)))
    return best


@pytest.mark.parametrize("threads", [1, 3])
def test_scores_are_those_of_a_direct_scan(sequences, collection, threads):
    found = best_scores(sequences, collection, background=BACKGROUND, threads=threads)
    expected = [[by_hand(text, motif) for motif in collection] for text in sequences]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert (found[4] == WORST).all()


def test_a_text_shorter_than_the_motif(collection):
    found = best_scores(["ACGTACG"], collection, background=BACKGROUND)
    assert (found[0] == WORST).tolist() == [False, True, True, True]


def test_best_region_comes_first_and_ties_fall_at_random():
    scores = np.array([[1.0, 5], [3, 5], [2, 5], [-1, 5]])
    ranks = [rankings(scores, rng=np.random.default_rng(seed)) for seed in range(200)]
    assert all((one[:, 0] == [2, 0, 1, 3]).all() for one in ranks)
    assert all(sorted(one[:, 1]) == [0, 1, 2, 3] for one in ranks)
    first = np.bincount([one[:, 1].argmin() for one in ranks], minlength=4)
    assert (first > 30).all()  # 50 expected, s.d. 6
    again = rankings(scores, rng=np.random.default_rng(7))
    np.testing.assert_array_equal(again, ranks[7])
