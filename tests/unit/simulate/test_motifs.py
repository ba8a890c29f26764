"""Sites are strong matches of their matrix, by an independent scan."""

import numpy as np
import pytest
from multiome2vec.simulate.motifs import core_vertebrate_motifs, draw_sites, probabilities
from multiome2vec.simulate.types import NODES


def exact_tail(odds, score, step=0.005):
    """P(a uniform random word scores at least ``score``), by convolution on a fine grid."""
    rounded = np.round(odds / step).astype(int)
    low = rounded.min(axis=1)
    chance = np.ones(1)
    for row, base in zip(rounded, low, strict=True):
        spread = np.zeros(row.max() - base + 1)
        np.add.at(spread, row - base, 0.25)
        chance = np.convolve(chance, spread)
    first = int(np.ceil(score / step)) - low.sum()
    return chance[max(first, 0) :].sum()


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.factor)
def test_drawn_sites_are_ten_times_rarer_than_the_scan_asks(node):
    motif = next(m for m in core_vertebrate_motifs() if m.matrix_id == node.matrix_id)
    assert motif.name.upper() == node.factor
    matrix = probabilities(motif)
    np.testing.assert_allclose(matrix.sum(axis=1), 1)
    sites = draw_sites(np.random.default_rng(0), matrix, 50)
    assert sites.shape == (50, motif.length)
    odds = np.log2(matrix / 0.25)
    scores = odds[np.arange(motif.length), sites].sum(axis=1)
    assert exact_tail(odds, scores.min() - 0.05) < 1e-5
    assert len(np.unique(sites, axis=0)) > 3  # drawn, not copies of the consensus
