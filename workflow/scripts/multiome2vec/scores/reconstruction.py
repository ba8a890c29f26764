"""How well a model gives back what it was shown, and what was hidden from it."""

from collections.abc import Iterable

import numpy as np
from scipy import sparse

from multiome2vec.metrics import Undefined
from multiome2vec.scores._blocks import Agreement, Matrix, dense, mean_of, paired_blocks


def agreement(truth: Matrix, predicted: Matrix | Iterable[np.ndarray]) -> Agreement:
    """Compare truth and prediction [N, F], which may come in blocks of rows."""
    found = Agreement(truth.shape[1])
    for _, block, values in paired_blocks(truth, predicted):
        found.add(dense(block), values)
    return found


def reconstruction(found: Agreement) -> dict[str, float]:
    """Errors, R² and correlations of a reconstruction.

    Returns
    -------
    dict
        ``mse``, ``mae``; ``r2_gene`` and ``r2_sample`` (means of R² = 1 - Σ(t-p)²/Σ(t-mean)² over
        genes and over samples), ``r2_weighted`` (genes weighted by variance), ``pearson_gene``,
        ``pearson_sample``. Genes and samples whose truth is constant have no R² and no correlation
        and are left out.

    Raises
    ------
    Undefined
        If nothing varies.
    """
    r2_gene, pearson_gene = found.by_feature()
    r2_sample, pearson_sample = found.by_row()
    return {
        "mse": found.mse(), "mae": found.mae(),
        "r2_gene": mean_of(r2_gene, "gene varies"),
        "r2_sample": mean_of(r2_sample, "sample varies"),
        "r2_weighted": found.r2_weighted(),
        "pearson_gene": mean_of(pearson_gene, "gene varies"),
        "pearson_sample": mean_of(pearson_sample, "sample varies"),
    }  # fmt: skip


def masked_error(
    truth: Matrix,
    predicted: Matrix | Iterable[np.ndarray],
    masked: Matrix | Iterable[np.ndarray],
) -> float:
    """Mean squared error over the entries that were hidden from the encoder.

    Parameters
    ----------
    truth, predicted
        [N, F]; ``predicted`` may come in blocks of rows.
    masked
        [N, F], true where hidden; or blocks in step with those of ``predicted``.

    Raises
    ------
    Undefined
        If nothing is masked.
    """
    whole = sparse.csr_matrix(masked) if sparse.issparse(masked) else masked
    blocks = None if hasattr(masked, "shape") else iter(masked)
    error, n_hidden = 0.0, 0
    for rows, block, values in paired_blocks(truth, predicted):
        hidden = dense(whole[rows] if blocks is None else next(blocks)).astype(bool)
        error += np.square(dense(block)[hidden] - values[hidden], dtype=np.float64).sum()
        n_hidden += int(hidden.sum())
    if not n_hidden:
        raise Undefined("no entry is masked")
    return float(error / n_hidden)
