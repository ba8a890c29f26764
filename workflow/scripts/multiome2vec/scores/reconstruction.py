"""How well a model gives back what it was shown, and what was hidden from it."""

from collections.abc import Iterable

import numpy as np
from scipy import sparse

from multiome2vec.metrics import Undefined
from multiome2vec.scores._blocks import Agreement, Matrix, dense, mean_of, paired_blocks


def reconstruction(
    truth: Matrix, predicted: Matrix | Iterable[np.ndarray], *, masked: Matrix | None = None
) -> dict[str, float]:
    """Errors, R² and correlations of a reconstruction.

    Parameters
    ----------
    truth, predicted
        [N, F]; ``predicted`` may come in blocks of rows.
    masked
        [N, F], true where the entry was hidden from the encoder.

    Returns
    -------
    dict
        ``mse``, ``mae``; ``r2_gene`` and ``r2_sample`` (means of R² = 1 - Σ(t-p)²/Σ(t-mean)² over
        genes and over samples), ``r2_weighted`` (genes weighted by variance), ``pearson_gene``,
        ``pearson_sample``; with a mask ``masked_mse``. Genes and samples whose truth is constant
        have no R² and no correlation and are left out.

    Raises
    ------
    Undefined
        If nothing varies, or nothing is masked.
    """
    found = Agreement(truth.shape[1])
    masked = sparse.csr_matrix(masked) if sparse.issparse(masked) else masked
    hidden_error, n_hidden = 0.0, 0
    for rows, block, values in paired_blocks(truth, predicted):
        block = dense(block)
        found.add(block, values)
        if masked is not None:
            hidden = dense(masked[rows]).astype(bool)
            hidden_error += np.square(block[hidden] - values[hidden], dtype=np.float64).sum()
            n_hidden += hidden.sum()
    r2_gene, pearson_gene = found.by_feature()
    r2_sample, pearson_sample = found.by_row()
    scores = {
        "mse": found.mse(), "mae": found.mae(),
        "r2_gene": mean_of(r2_gene, "gene varies"),
        "r2_sample": mean_of(r2_sample, "sample varies"),
        "r2_weighted": found.r2_weighted(),
        "pearson_gene": mean_of(pearson_gene, "gene varies"),
        "pearson_sample": mean_of(pearson_sample, "sample varies"),
    }  # fmt: skip
    if masked is not None:
        if not n_hidden:
            raise Undefined("no entry is masked")
        scores["masked_mse"] = float(hidden_error / n_hidden)
    return scores
