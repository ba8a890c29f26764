"""How well one modality is predicted from another."""

from collections.abc import Iterable

import numpy as np
from scipy import sparse

from multiome2vec.scores._blocks import Agreement, Matrix, dense, mean_of, paired_blocks


def expression(truth: Matrix, predicted: Matrix | Iterable[np.ndarray]) -> dict[str, float]:
    """Scores of RNA predicted from ATAC, both in the same (log-normalised) scale.

    Parameters
    ----------
    truth, predicted
        [N, G]; ``predicted`` may come in blocks of rows.

    Returns
    -------
    dict
        ``rmse`` over all values; ``pearson_gene`` and ``pearson_cell``, means over the genes and
        cells whose truth varies.
    """
    found = Agreement(truth.shape[1])
    for _, block, values in paired_blocks(truth, predicted):
        found.add(dense(block), values)
    return {
        "rmse": float(np.sqrt(found.mse())),
        "pearson_gene": mean_of(found.by_feature()[1], "gene varies"),
        "pearson_cell": mean_of(found.by_row()[1], "cell varies"),
    }


def accessibility(truth: Matrix, predicted: Matrix | Iterable[np.ndarray]) -> dict[str, float]:
    """Scores of ATAC predicted from RNA.

    Parameters
    ----------
    truth
        [N, P] counts; a region is open where they are above 0.
    predicted
        [N, P] accessibility, any increasing scale; may come in blocks of rows.

    Returns
    -------
    dict
        ``auroc_cell`` and ``auprc_cell``: means over the cells that have open and closed regions;
        ``pearson_region``: correlation of open/closed with the prediction over cells, mean over the
        regions that vary.
    """
    found = Agreement(truth.shape[1])
    curves = []
    for _, block, values in paired_blocks(truth, predicted):
        counts = sparse.csr_matrix(block)
        for row in range(len(values)):
            entries = slice(*counts.indptr[row : row + 2])
            open_ = counts.indices[entries][counts.data[entries] > 0]
            curves.append(curve_areas(values[row], open_))
        found.add((counts > 0).toarray(), values)
    auroc, auprc = np.array(curves).T
    return {
        "auroc_cell": mean_of(auroc, "cell has open and closed regions"),
        "auprc_cell": mean_of(auprc, "cell has open and closed regions"),
        "pearson_region": mean_of(found.by_feature()[1], "region varies"),
    }


def curve_areas(scores: np.ndarray, positives: np.ndarray) -> tuple[float, float]:
    """Areas under the ROC curve and the precision-recall curve (average precision).

    Ties count half in the first (Mann-Whitney) and are one threshold in the second. Only one sort
    of the scores is needed: of a positive with score s, Σ of negatives below s gives the first, and
    the share of positives among all scores ≥ s the second.

    Parameters
    ----------
    scores
        [F].
    positives
        Their numbers.

    Returns
    -------
    tuple
        NaN twice where there are no positives, or only positives.
    """
    n, n_true = len(scores), len(positives)
    if not 0 < n_true < n:
        return np.nan, np.nan
    every, true = np.sort(scores), np.sort(scores[positives])
    below, upto = (every.searchsorted(true, side) for side in ("left", "right"))
    true_below, true_upto = (true.searchsorted(true, side) for side in ("left", "right"))
    beaten = (below - true_below) + 0.5 * ((upto - below) - (true_upto - true_below))
    auroc = beaten.sum() / (n_true * (n - n_true))
    return float(auroc), float(((n_true - true_below) / (n - below)).mean())
