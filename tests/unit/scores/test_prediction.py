import numpy as np
import pytest
from multiome2vec.metrics import Undefined
from multiome2vec.scores.prediction import accessibility, curve_areas, expression
from scipy import sparse
from scipy.stats import pearsonr
from sklearn.metrics import average_precision_score, mean_squared_error, roc_auc_score

RNG = np.random.default_rng(0)
COUNTS = RNG.poisson(0.15, (60, 200))
SCORES = COUNTS * 0.3 + RNG.normal(0, 0.5, COUNTS.shape)


@pytest.mark.parametrize("digits", [None, 1, 0])
def test_areas_are_those_of_sklearn(digits):
    """Also where scores tie, a few or nearly all."""
    scores = SCORES if digits is None else np.round(SCORES, digits)
    for truth, row in zip(COUNTS > 0, scores, strict=True):
        auroc, auprc = curve_areas(row, np.flatnonzero(truth))
        assert auroc == pytest.approx(roc_auc_score(truth, row))
        assert auprc == pytest.approx(average_precision_score(truth, row))


def test_equal_scores_are_chance():
    assert curve_areas(np.zeros(10), np.arange(3)) == (0.5, pytest.approx(0.3))
    assert curve_areas(-np.arange(10.0), np.arange(3)) == (1, 1)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix])
def test_accessibility(form):
    blocks = iter([SCORES[:17], SCORES[17:]])
    found = accessibility(form(COUNTS), blocks)
    truth = COUNTS > 0
    rows = list(zip(truth, SCORES, strict=True))
    regions = [pearsonr(*pair).statistic for pair in zip(truth.T, SCORES.T, strict=True)]
    assert found == pytest.approx(
        {
            "auroc_cell": np.mean([roc_auc_score(*row) for row in rows]),
            "auprc_cell": np.mean([average_precision_score(*row) for row in rows]),
            "pearson_region": np.mean(regions),
        }
    )


def test_stored_zeros_are_closed():
    counts = sparse.csr_matrix(COUNTS)
    counts.data[::5] = 0
    plain = sparse.csr_matrix(counts.toarray())
    assert accessibility(counts, SCORES) == accessibility(plain, SCORES)
    assert counts.nnz > plain.nnz  # the caller's matrix stays as it was


def test_cells_without_open_regions_are_left_out():
    with_empty = np.vstack([COUNTS, np.zeros((3, 200))])
    found = accessibility(with_empty, np.vstack([SCORES, SCORES[:3]]))
    assert found["auroc_cell"] == pytest.approx(accessibility(COUNTS, SCORES)["auroc_cell"])
    with pytest.raises(Undefined, match="open and closed"):
        accessibility(np.zeros((3, 5)), np.ones((3, 5)))


def test_expression():
    found = expression(sparse.csr_matrix(COUNTS), SCORES)
    genes = [pearsonr(*pair).statistic for pair in zip(COUNTS.T, SCORES.T, strict=True)]
    cells = [pearsonr(*pair).statistic for pair in zip(COUNTS, SCORES, strict=True)]
    assert found == pytest.approx(
        {
            "rmse": mean_squared_error(COUNTS, SCORES) ** 0.5,
            "pearson_gene": np.mean(genes),
            "pearson_cell": np.mean(cells),
        }
    )
