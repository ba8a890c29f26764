"""Differential accessibility: score tests of depth-adjusted logistic regressions.

Per sample and region, the null model is logit P(open) = a + b · log(depth), where depth is the
number of open regions of the cell. A label's score is the number of its cells that are open beyond
what the null model expects of cells of their depth. The model needs cells only by depth, so those
of a sample are put into bins of equal size and the regressions run on the bins.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.stats import norm

BINS = 25  # of depth, per sample
FEWEST = 10  # cells of a label, and outside of it, for a sample to count
ITERATIONS = 12  # of Newton's method; quadratic from a good start
RIDGE = 1e-6  # keeps a region that is open nowhere, or everywhere, from dividing by zero


@dataclass(frozen=True)
class ScoreTest:
    """Scores of one label in one sample, one entry per region.

    Attributes
    ----------
    score
        Open cells of the label minus their expectation.
    variance
        Of the score under the null model (Fisher information, nuisance parameters removed).
    """

    score: np.ndarray
    variance: np.ndarray


def score_tests(
    matrix: sparse.csr_matrix, labels: np.ndarray, names: list[str], samples: np.ndarray
) -> dict[str, list[ScoreTest]]:
    """Test each label against all other cells of the same sample.

    Parameters
    ----------
    matrix
        Binary accessibility, D × W.
    labels, samples
        Label and sample of each cell.
    names
        Labels to test.

    Returns
    -------
    dict of list of ScoreTest
        By label: one test per sample that has at least :data:`FEWEST` cells of the label and as
        many others; empty for a label without such a sample.
    """
    found: dict[str, list[ScoreTest]] = {name: [] for name in names}
    for sample in np.unique(samples):
        cells = np.flatnonzero(samples == sample)
        inside = {name: labels[cells] == name for name in names}
        tested = {
            name: mask
            for name, mask in inside.items()
            if FEWEST <= mask.sum() <= len(cells) - FEWEST
        }
        if not tested:
            continue
        null = _NullModel(matrix[cells])
        for name, mask in tested.items():
            found[name].append(null.test(mask))
    return found


class _NullModel:
    """Accessibility of every region as a logistic function of depth, in one sample."""

    def __init__(self, matrix: sparse.csr_matrix) -> None:
        self.matrix = matrix.astype(np.float64)
        depth = np.log(np.maximum(np.diff(matrix.indptr), 1))
        order = np.argsort(depth, kind="stable")
        self.bin = np.empty(len(depth), dtype=np.int64)
        n_bins = min(BINS, len(depth))
        self.bin[order] = np.arange(len(depth)) * n_bins // len(depth)
        self.size = np.bincount(self.bin).astype(float)
        self.x = np.bincount(self.bin, depth) / self.size
        self.x = self.x - np.average(self.x, weights=self.size)
        self.chance = self._fit(self._sums(np.ones(len(depth), dtype=bool)))
        self.weight = self.chance * (1 - self.chance)

    def _sums(self, mask: np.ndarray) -> np.ndarray:
        """Open cells by depth bin and region."""
        cells = np.flatnonzero(mask)
        ones = np.ones(len(cells))
        bins = sparse.csr_matrix(
            (ones, (self.bin[cells], cells)), shape=(len(self.size), len(self.bin))
        )
        return (bins @ self.matrix).toarray()

    def _fit(self, n_open: np.ndarray) -> np.ndarray:
        """Chance to be open by bin and region, by Newton's method on intercept and slope."""
        share = (n_open.sum(axis=0) + 0.5) / (self.size.sum() + 1)
        a, b = np.log(share / (1 - share)), np.zeros(n_open.shape[1])
        x, size = self.x[:, None], self.size[:, None]
        for _ in range(ITERATIONS):
            chance = 1 / (1 + np.exp(-np.clip(a + b * x, -30, 30)))
            residual, weight = n_open - size * chance, size * chance * (1 - chance)
            g0, g1 = residual.sum(axis=0) - RIDGE * a, (x * residual).sum(axis=0) - RIDGE * b
            h00, h01 = weight.sum(axis=0) + RIDGE, (x * weight).sum(axis=0)
            h11 = (x**2 * weight).sum(axis=0) + RIDGE
            determinant = h00 * h11 - h01**2
            a = a + np.clip((h11 * g0 - h01 * g1) / determinant, -3, 3)
            b = b + np.clip((h00 * g1 - h01 * g0) / determinant, -3, 3)
        return 1 / (1 + np.exp(-np.clip(a + b * x, -30, 30)))

    def test(self, mask: np.ndarray) -> ScoreTest:
        """Score and its variance for the cells of ``mask``."""
        inside = np.bincount(self.bin[mask], minlength=len(self.size))[:, None]
        n_open = np.asarray(self.matrix[mask].sum(axis=0)).ravel()
        score = n_open - (inside * self.chance).sum(axis=0)
        x, size = self.x[:, None], self.size[:, None]
        u0, u1 = (inside * self.weight).sum(axis=0), (inside * x * self.weight).sum(axis=0)
        h00 = (size * self.weight).sum(axis=0) + RIDGE
        h01 = (size * x * self.weight).sum(axis=0)
        h11 = (size * x**2 * self.weight).sum(axis=0) + RIDGE
        explained = (h11 * u0**2 - 2 * h01 * u0 * u1 + h00 * u1**2) / (h00 * h11 - h01**2)
        return ScoreTest(score, np.maximum(u0 - explained, 0))


def combine(tests: list[ScoreTest]) -> np.ndarray:
    """Two-sided p-value per region over samples.

    With one sample z = score / sqrt(variance). With more, samples are the replicates: their effects
    score / variance are combined with random effects (DerSimonian & Laird 1986), so that an effect
    in one sample only does not pass for one of the label. A region without information has p = 1.
    """
    score = np.stack([test.score for test in tests])
    precision = np.stack([test.variance for test in tests])
    some = precision > 1e-9
    precision = np.where(some, precision, 0)
    effect = np.where(some, score / np.where(some, precision, 1), 0)
    between = _between_samples(effect, precision)
    weight = np.where(some, 1 / (1 / np.where(some, precision, 1) + between), 0)
    total = weight.sum(axis=0)
    z = (weight * effect).sum(axis=0) / np.sqrt(np.where(total > 0, total, 1))
    return np.where(total > 0, 2 * norm.sf(np.abs(z)), 1.0)


def _between_samples(effect: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """Variance of the effect between samples, by moments; 0 where one sample informs."""
    total = precision.sum(axis=0)
    safe = np.where(total > 0, total, 1)
    mean = (precision * effect).sum(axis=0) / safe
    heterogeneity = (precision * (effect - mean) ** 2).sum(axis=0)
    n = (precision > 0).sum(axis=0)
    scale = total - (precision**2).sum(axis=0) / safe
    excess = heterogeneity - (n - 1)
    return np.where(scale > 1e-9, np.maximum(excess, 0) / np.where(scale > 1e-9, scale, 1), 0)


def imputed_fold_change(theta: np.ndarray, phi: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """log2 of imputed accessibility inside over outside, per region.

    Imputed accessibility of a cell is θ φᵀ, its topics' regions weighted by its topics, and sums to
    1; its mean over cells is the mean θ times φᵀ, so no cells × regions matrix is needed.

    Parameters
    ----------
    theta, phi
        Cells × topics and regions × topics.
    inside
        Mask of the cells of the label.
    """
    mean = [theta[mask].mean(axis=0) for mask in (inside, ~inside)]
    high, low = (phi @ mean[0], phi @ mean[1])
    return np.log2(high / low)
