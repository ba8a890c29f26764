import numpy as np
import pytest
from multiome2vec.motifs.background import background_regions, whiten
from multiome2vec.motifs.deviations import deviations
from scipy import sparse

RNG = np.random.default_rng(0)


@pytest.fixture
def data():
    counts = RNG.poisson(RNG.gamma(1, 1, 120), (60, 120))
    matches = (RNG.random((120, 9)) < 0.25).astype(np.uint8)
    background = RNG.integers(0, 120, (120, 15))
    return counts, matches, background


def direct(counts, matches, background):
    """The definition, cell by cell, motif by motif, set by set."""
    share = counts.sum(0) / counts.sum()
    shape = (len(counts), matches.shape[1])
    deviation, z = np.zeros(shape), np.zeros(shape)
    for cell in range(shape[0]):
        n = counts[cell].sum()
        for motif in range(shape[1]):
            regions = np.flatnonzero(matches[:, motif])
            expected = n * share[regions].sum()
            y = (counts[cell, regions].sum() - expected) / expected
            others = []
            for replacement in background.T:
                instead = replacement[regions]
                expected = n * share[instead].sum()
                others.append((counts[cell, instead].sum() - expected) / expected)
            deviation[cell, motif] = y - np.mean(others)
            z[cell, motif] = deviation[cell, motif] / np.std(others, ddof=1)
    return deviation, z


def test_equals_the_definition(data):
    counts, matches, background = data
    found = deviations(sparse.csr_matrix(counts), sparse.csr_matrix(matches), background)
    deviation, z = direct(*data)
    np.testing.assert_allclose(found.deviation, deviation, rtol=2e-4, atol=2e-5)
    np.testing.assert_allclose(found.z, z, rtol=2e-4, atol=2e-5)
    assert not found.undefined.any()


def test_undefined_scores_are_masked_and_zero(data):
    counts, matches, background = data
    counts = counts.copy()
    counts[0] = 0
    counts[0, :2] = 1  # expects less than one count at any motif
    matches[:, 3] = 0
    found = deviations(sparse.csr_matrix(counts), sparse.csr_matrix(matches), background)
    assert found.undefined[0].all()
    assert found.undefined[:, 3].all()
    assert (found.z[found.undefined] == 0).all()
    assert np.isfinite(found.z).all()


def test_planted_motif_stands_out_and_others_do_not():
    kind = np.repeat([0, 1], 100)
    rate = np.tile(RNG.gamma(2, 0.5, 600), (200, 1))
    matches = (RNG.random((600, 20)) < 0.1).astype(np.uint8)
    rate[np.ix_(kind == 1, matches[:, 7] == 1)] *= 3
    counts = sparse.csr_matrix(RNG.poisson(rate))
    total = np.asarray(counts.sum(0)).ravel()
    used = np.flatnonzero(total)
    background = background_regions(
        RNG.random(600)[used],
        total[used],
        sets=50,
        bin_size=50,
        w=0.1,
        rng=np.random.default_rng(1),
    )
    found = deviations(counts[:, used], sparse.csr_matrix(matches[used]), background)
    difference = found.z[kind == 1].mean(0) - found.z[kind == 0].mean(0)
    assert difference.argmax() == 7
    assert difference[7] > 5 * np.abs(np.delete(difference, 7)).max()


def test_background_is_alike_in_gc_and_accessibility():
    gc, total = RNG.beta(5, 5, 4000), np.exp(RNG.normal(3, 1, 4000)).astype(int) + 1
    drawn = background_regions(gc, total, sets=20, bin_size=50, w=0.1, rng=np.random.default_rng(0))
    assert drawn.shape == (4000, 20)
    assert np.corrcoef(gc, gc[drawn].mean(1))[0, 1] > 0.97
    assert np.corrcoef(np.log(total), np.log(total[drawn]).mean(1))[0, 1] > 0.97
    again = background_regions(gc, total, sets=20, bin_size=50, w=0.1, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(drawn, again)


def test_whitened_points_are_uncorrelated_with_unit_variance():
    points = RNG.normal(size=(500, 2)) @ np.array([[2, 1], [0, 0.5]])
    np.testing.assert_allclose(np.cov(whiten(points), rowvar=False), np.eye(2), atol=1e-9)
    assert np.isfinite(whiten(np.column_stack([points[:, 0], np.ones(500)]))).all()
