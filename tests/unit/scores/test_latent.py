import numpy as np
import pytest
from multiome2vec.errors import ContractError
from multiome2vec.metrics import Undefined
from multiome2vec.scores import latent
from multiome2vec.scores.latent import calibration, correlations, distances
from scipy.spatial.distance import pdist

RNG = np.random.default_rng(0)


def test_distances_of_all_pairs_and_of_some(monkeypatch):
    points = RNG.normal(size=(120, 7))
    expected = pdist(points)
    found = distances(points, seed=0)
    assert found["distance_mean"] == pytest.approx(expected.mean())
    assert found["distance_q05"] == pytest.approx(np.quantile(expected, 0.05))
    assert found["distance_contrast"] == pytest.approx(expected.std() / expected.mean())
    monkeypatch.setattr(latent, "PAIRS", 5000)
    assert distances(points, seed=0)["distance_mean"] == pytest.approx(expected.mean(), rel=0.02)
    with pytest.raises(Undefined, match="one place"):
        distances(np.ones((5, 2)), seed=0)
    with pytest.raises(Undefined, match="one cell"):
        distances(np.ones((1, 2)), seed=0)


def test_correlations_of_a_known_covariance():
    first = RNG.normal(size=(20_000, 1))
    rest = RNG.normal(size=(20_000, 2))
    found = correlations(
        np.hstack([first, 0.6 * first + 0.8 * rest[:, :1], rest[:, 1:], 0 * first])
    )
    assert found["dimensions_varying"] == 3
    assert found["correlation_max"] == pytest.approx(0.6, abs=0.02)
    assert found["correlation_mean"] == pytest.approx(0.2, abs=0.02)
    assert found["dimensions_effective"] == pytest.approx(9 / (1.6**2 + 0.4**2 + 1), abs=0.05)
    with pytest.raises(Undefined, match="fewer than two"):
        correlations(np.ones((5, 3)))


def exact_posteriors():
    """Two noisy views of z ~ N(0, 1): the joint posterior and that of the first view."""
    n, first, second = 40_000, np.array([0.5, 2.0]), np.array([1.0, 0.3])
    z = RNG.normal(size=(n, 2))
    views = [z + RNG.normal(size=(n, 2)) * np.sqrt(noise) for noise in (first, second)]
    variance = 1 / (1 + 1 / first)
    joint_variance = 1 / (1 + 1 / first + 1 / second)
    joint = joint_variance * (views[0] / first + views[1] / second)
    alone = variance * views[0] / first
    wide = np.ones((n, 2))
    return joint, joint_variance * wide, alone, variance * wide


def test_exact_posteriors_are_calibrated():
    found = calibration(*exact_posteriors())
    assert found["z_ratio"] == pytest.approx(1, abs=0.01)
    assert found["z_sd"] == pytest.approx(found["z_sd_expected"], abs=0.01)
    assert found["z_bias"] < 0.01


def test_narrow_posteriors_are_not():
    """Half the sd doubles z."""
    joint, joint_variance, mean, variance = exact_posteriors()
    right = calibration(joint, joint_variance, mean, variance)
    halved = calibration(joint, joint_variance / 8, mean, variance / 4)
    assert halved["z_sd"] == pytest.approx(2 * right["z_sd"], rel=0.02)
    assert halved["z_ratio"] > 1.5


def test_calibration_refuses():
    ones = np.ones((5, 2))
    with pytest.raises(Undefined, match="nowhere wider"):
        calibration(ones, ones, ones, ones)
    with pytest.raises(ContractError, match="not of one shape"):
        calibration(ones, ones, ones, ones[:, :1])
