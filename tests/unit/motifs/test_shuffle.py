from collections import Counter

import numpy as np
import pytest
from multiome2vec.motifs.shuffle import dinucleotide_shuffle


def pairs(text):
    return Counter(zip(text, text[1:], strict=False))


@pytest.mark.parametrize("letters", ["ACGT", "ACGTN", "AC"])
def test_dinucleotides_stay_and_their_order_does_not(letters):
    rng = np.random.default_rng(0)
    for _ in range(50):
        text = "".join(rng.choice(list(letters), 200))
        found = dinucleotide_shuffle(text, rng=rng)
        assert pairs(found) == pairs(text)
        assert (found[0], found[-1]) == (text[0], text[-1])
        assert found != text


def test_every_order_is_equally_likely():
    """All sequences with these dinucleotides, found by trying, come equally often."""
    text = "ACATAGACT"
    rng = np.random.default_rng(1)
    orders = {
        "".join([text[0], *order, text[-1]])
        for order in (rng.permutation(list(text[1:-1])) for _ in range(20_000))
    }
    possible = {order for order in orders if pairs(order) == pairs(text)}
    n = 600 * len(possible)
    found = Counter(dinucleotide_shuffle(text, rng=rng) for _ in range(n))
    assert set(found) == possible
    assert len(possible) > 5
    chi2 = sum((count - 600) ** 2 / 600 for count in found.values())
    assert chi2 < 3 * len(possible)


@pytest.mark.parametrize("text", ["", "A", "AC", "AAAAAA", "NNN"])
def test_nothing_to_shuffle(text):
    assert dinucleotide_shuffle(text, rng=np.random.default_rng(0)) == text
