"""Truth and prediction in step, and sums over them: no dense copy of the whole."""

from collections.abc import Iterable, Iterator

import numpy as np
from scipy import sparse

from multiome2vec.errors import ContractError
from multiome2vec.metrics import Undefined

BLOCK = 4_000_000  # values of an array at once
VARIES = 1e-12  # variance, relative to the mean square, above which values are not constant

Matrix = np.ndarray | sparse.spmatrix | sparse.sparray


def paired_blocks(
    truth: Matrix, predicted: Matrix | Iterable[np.ndarray]
) -> Iterator[tuple[slice, Matrix, np.ndarray]]:
    """Rows, truth and dense prediction of some rows after another.

    Parameters
    ----------
    truth
        [N, F], dense or sparse (yielded as it is).
    predicted
        [N, F], or blocks of its rows in order, of any heights.

    Raises
    ------
    ContractError
        If the shapes differ or a prediction is not finite.
    """
    truth = sparse.csr_matrix(truth) if sparse.issparse(truth) else np.asarray(truth)
    start = 0
    for block in _blocks(predicted):
        rows = slice(start, start + len(block))
        start = rows.stop
        if block.shape[1] != truth.shape[1] or start > truth.shape[0]:
            raise ContractError(
                f"Predictions of {block.shape[1]} features up to row {start} do not fit a truth of "
                f"{truth.shape[0]} × {truth.shape[1]}."
            )
        if not np.isfinite(block).all():
            row = int(np.flatnonzero(~np.isfinite(block).all(axis=1))[0])
            raise ContractError(f"The prediction of row {rows.start + row + 1} is not finite.")
        yield rows, truth[rows], block
    if start != truth.shape[0]:
        raise ContractError(f"There are predictions of {start} of {truth.shape[0]} rows.")


def _blocks(predicted: Matrix | Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    if not hasattr(predicted, "shape"):
        yield from predicted
        return
    rows = max(1, BLOCK // max(predicted.shape[1], 1))
    for start in range(0, predicted.shape[0], rows):
        yield dense(predicted[start : start + rows])


def dense(values: Matrix) -> np.ndarray:
    """Values as a dense array."""
    return values.toarray() if sparse.issparse(values) else np.asarray(values)


class Agreement:
    """Sums over rows from which errors, R² and correlations follow, by feature and by row.

    Values are shifted by the first block's means before they are squared, so that no digits are
    lost where a feature varies little about a large mean.

    Parameters
    ----------
    n_features
        F.
    """

    def __init__(self, n_features: int) -> None:
        self.n = 0
        self.n_features = n_features
        self.shift = None
        # rows: Σt, Σp, Σt², Σp², Σtp, Σ(t-p)², Σ|t-p|
        self.sums = np.zeros((7, n_features))
        self.of_rows: list[np.ndarray] = []

    def add(self, truth: np.ndarray, predicted: np.ndarray) -> None:
        """Take in some rows [b, F] of both."""
        truth, predicted = truth.astype(np.float64), predicted.astype(np.float64)
        error = truth - predicted
        self.of_rows.append(_sums(truth, predicted, error, axis=1))
        if self.shift is None:
            self.shift = truth.mean(axis=0), predicted.mean(axis=0)
        truth -= self.shift[0]
        predicted -= self.shift[1]
        self.sums += _sums(truth, predicted, error, axis=0)
        self.n += len(truth)

    def mse(self) -> float:
        """Mean squared error over all values."""
        return float(self.sums[5].sum() / (self.n * self.n_features))

    def mae(self) -> float:
        """Mean absolute error over all values."""
        return float(self.sums[6].sum() / (self.n * self.n_features))

    def by_feature(self) -> tuple[np.ndarray, np.ndarray]:
        """R² and Pearson correlation of each feature over rows; NaN where the truth is constant."""
        return _r2(self.sums, self.n), _pearson(self.sums, self.n)

    def by_row(self) -> tuple[np.ndarray, np.ndarray]:
        """R² and Pearson correlation of each row over features; NaN where the truth is constant."""
        sums = np.concatenate(self.of_rows, axis=1)
        return _r2(sums, self.n_features), _pearson(sums, self.n_features)

    def feature_table(self) -> dict[str, np.ndarray]:
        """By feature [F]: means of truth and prediction, and the columns of :func:`_errors`."""
        means = {
            f"mean_{name}": sums / self.n + shift
            for name, sums, shift in zip(
                ("observed", "predicted"), self.sums[:2], self.shift, strict=True
            )
        }
        return means | _errors(self.sums, self.n)

    def row_table(self) -> dict[str, np.ndarray]:
        """By row [N]: the columns of :func:`_errors`."""
        return _errors(np.concatenate(self.of_rows, axis=1), self.n_features)

    def r2_weighted(self) -> float:
        """R² of all values about the means of their features."""
        square = (self.sums[2] - self.sums[0] ** 2 / self.n).sum()
        if square <= 0:
            raise Undefined("no feature varies")
        return float(1 - self.sums[5].sum() / square)


def _sums(truth: np.ndarray, predicted: np.ndarray, error: np.ndarray, axis: int) -> np.ndarray:
    parts = (truth, predicted, truth**2, predicted**2, truth * predicted, error**2, np.abs(error))
    return np.stack([part.sum(axis=axis) for part in parts])


def _errors(sums: np.ndarray, n: int) -> dict[str, np.ndarray]:
    """``mse``, ``mae``, ``r2`` and ``pearson``; NaN where one is not defined."""
    errors = {"mse": sums[5] / n, "mae": sums[6] / n}
    return errors | {"r2": _r2(sums, n), "pearson": _pearson(sums, n)}


def _r2(sums: np.ndarray, n: int) -> np.ndarray:
    total = _centred(sums[0], sums[2], n)
    return 1 - sums[5] / np.where(total > 0, total, np.nan)


def _pearson(sums: np.ndarray, n: int) -> np.ndarray:
    """Correlation; 0 where only the prediction is constant."""
    truth, predicted = _centred(sums[0], sums[2], n), _centred(sums[1], sums[3], n)
    product = np.sqrt(truth * predicted)
    covariance = sums[4] - sums[0] * sums[1] / n
    found = np.where(product > 0, covariance / np.where(product > 0, product, 1), 0)
    return np.where(truth > 0, found, np.nan)


def _centred(total: np.ndarray, square: np.ndarray, n: int) -> np.ndarray:
    """Sum of squares about the mean; 0 where values are constant."""
    found = square - total**2 / n
    return np.where(found > VARIES * np.maximum(square, 1e-300), found, 0)


def mean_of(values: np.ndarray, what: str) -> float:
    """Mean without NaN.

    Raises
    ------
    Undefined
        If all are NaN; ``what`` says of what.
    """
    some = values[~np.isnan(values)]
    if not len(some):
        raise Undefined(f"no {what}")
    return float(some.mean())
