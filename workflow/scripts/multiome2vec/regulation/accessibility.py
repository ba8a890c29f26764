"""Differential accessibility: score tests of depth-adjusted logistic regressions.

Per sample and region, the null model is logit P(open) = a + b · log(depth), where depth is the
number of open regions of the cell. A label's score is the number of its cells that are open beyond
what the null model expects of cells of their depth; its effect is the log odds ratio of open cells
inside and outside, less that of the null model. The model needs cells only by depth, so those of a
sample are put into bins of equal size and the regressions run on the bins.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from multiome2vec.regulation.replicates import Effect
from multiome2vec.regulation.replicates import combine as combine_effects

BINS = 25  # of depth, per sample
FEWEST = 10  # cells of a label, and outside of it, for a sample to count
ITERATIONS = 12  # of Newton's method; quadratic from a good start
HALF = 0.5  # added to counts, of which a logarithm is taken
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
    log_odds
        Log odds ratio beyond that of cells of such depths, each count plus 1/2 (Haldane); Woolf's
        variance, infinite for a region that is open nowhere or everywhere.
    """

    score: np.ndarray
    variance: np.ndarray
    log_odds: Effect


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
        self.matrix = matrix
        depth = np.log(np.maximum(np.diff(matrix.indptr), 1))
        order = np.argsort(depth, kind="stable")
        self.bin = np.empty(len(depth), dtype=np.int64)
        n_bins = min(BINS, len(depth))
        self.bin[order] = np.arange(len(depth)) * n_bins // len(depth)
        self.size = np.bincount(self.bin).astype(float)
        self.x = np.bincount(self.bin, depth) / self.size
        self.x = self.x - np.average(self.x, weights=self.size)
        sums = self._sums()
        self.n_open = sums.sum(axis=0)
        self.chance = self._fit(sums)
        self.weight = self.chance * (1 - self.chance)

    def _sums(self) -> np.ndarray:
        """Open cells by depth bin and region."""
        cells = [np.flatnonzero(self.bin == number) for number in range(len(self.size))]
        return np.stack([self._open(mine) for mine in cells]).astype(float)

    def _open(self, cells: np.ndarray) -> np.ndarray:
        """How many of some cells are open, per region."""
        return np.bincount(self.matrix[cells].indices, minlength=self.matrix.shape[1])

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
        n_open = self._open(np.flatnonzero(mask))
        score = n_open - (inside * self.chance).sum(axis=0)
        x, size = self.x[:, None], self.size[:, None]
        u0, u1 = (inside * self.weight).sum(axis=0), (inside * x * self.weight).sum(axis=0)
        h00 = (size * self.weight).sum(axis=0) + RIDGE
        h01 = (size * x * self.weight).sum(axis=0)
        h11 = (size * x**2 * self.weight).sum(axis=0) + RIDGE
        explained = (h11 * u0**2 - 2 * h01 * u0 * u1 + h00 * u1**2) / (h00 * h11 - h01**2)
        return ScoreTest(score, np.maximum(u0 - explained, 0), self._log_odds(mask, n_open, inside))

    def _log_odds(self, mask: np.ndarray, n_open: np.ndarray, inside: np.ndarray) -> Effect:
        """Effect of the label beyond that of depth."""
        n_inside, n_outside = mask.sum(), (~mask).sum()
        n_open_outside = self.n_open - n_open
        expected = (inside * self.chance).sum(axis=0)
        expected_outside = ((self.size[:, None] - inside) * self.chance).sum(axis=0)
        size = _logit(n_open, n_inside) - _logit(n_open_outside, n_outside)
        size -= _logit(expected, n_inside) - _logit(expected_outside, n_outside)
        cells = (n_open, n_inside - n_open, n_open_outside, n_outside - n_open_outside)
        variance = sum(1 / (count + HALF) for count in cells)
        varies = (self.n_open > 0) & (self.n_open < len(mask))
        return Effect(size, np.where(varies, variance, np.inf))


def combine(tests: list[ScoreTest]) -> np.ndarray:
    """Z-score per region over samples, positive where the label is more accessible.

    With one sample score / sqrt(variance). With more, the log odds ratios are combined with samples
    as replicates (:func:`multiome2vec.regulation.replicates.combine`). Scores would not do there:
    they also depend on the label's share of a sample. A region without information has 0.
    """
    if len(tests) > 1:
        return combine_effects([test.log_odds for test in tests])
    (test,) = tests
    some = test.variance > 1e-9
    return np.where(some, test.score / np.sqrt(np.where(some, test.variance, 1)), 0)


def _logit(count: np.ndarray, n: int) -> np.ndarray:
    return np.log((count + HALF) / (n - count + HALF))


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
