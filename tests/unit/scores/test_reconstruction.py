import numpy as np
import pytest
from multiome2vec.errors import ContractError
from multiome2vec.metrics import Undefined
from multiome2vec.scores import _blocks
from multiome2vec.scores.reconstruction import agreement, masked_error
from multiome2vec.scores.reconstruction import reconstruction as summary
from scipy import sparse
from scipy.stats import pearsonr
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

RNG = np.random.default_rng(0)
TRUTH = np.where(RNG.random((90, 40)) < 0.4, RNG.normal(5, 2, (90, 40)), 0)
PREDICTED = TRUTH + RNG.normal(0, 1, TRUTH.shape)
MASKED = RNG.random(TRUTH.shape) < 0.15


def reconstruction(truth, predicted):
    return summary(agreement(truth, predicted))


@pytest.fixture(params=[80, 4_000_000])
def block(request, monkeypatch):
    """Whether two rows are taken at once, or all."""
    monkeypatch.setattr(_blocks, "BLOCK", request.param)


def oracle():
    rows = [pearsonr(*pair).statistic for pair in zip(TRUTH, PREDICTED, strict=True)]
    genes = [pearsonr(*pair).statistic for pair in zip(TRUTH.T, PREDICTED.T, strict=True)]
    return {
        "mse": mean_squared_error(TRUTH, PREDICTED),
        "mae": mean_absolute_error(TRUTH, PREDICTED),
        "r2_gene": r2_score(TRUTH, PREDICTED),
        "r2_sample": r2_score(TRUTH.T, PREDICTED.T),
        "r2_weighted": r2_score(TRUTH, PREDICTED, multioutput="variance_weighted"),
        "pearson_gene": np.mean(genes),
        "pearson_sample": np.mean(rows),
    }


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix, sparse.csc_matrix])
def test_scores_are_those_of_sklearn_and_scipy(form):
    assert reconstruction(form(TRUTH), PREDICTED) == pytest.approx(oracle(), rel=1e-10)
    hidden = mean_squared_error(TRUTH[MASKED], PREDICTED[MASKED])
    assert masked_error(form(TRUTH), PREDICTED, form(MASKED)) == pytest.approx(hidden, rel=1e-10)


def in_blocks(values):
    return iter([values[:7], values[7:8], values[8:]])


def test_predictions_and_masks_may_come_in_blocks():
    assert reconstruction(TRUTH, in_blocks(PREDICTED)) == pytest.approx(oracle(), rel=1e-10)
    hidden = mean_squared_error(TRUTH[MASKED], PREDICTED[MASKED])
    found = masked_error(TRUTH, in_blocks(PREDICTED), in_blocks(MASKED))
    assert found == pytest.approx(hidden, rel=1e-10)


def test_every_gene_and_sample_has_its_errors():
    found = agreement(TRUTH + 100, in_blocks(PREDICTED + 100))
    for table, axis in ((found.feature_table(), 0), (found.row_table(), 1)):
        pair = (TRUTH, PREDICTED) if axis == 0 else (TRUTH.T, PREDICTED.T)
        each = {"multioutput": "raw_values"}
        np.testing.assert_allclose(table["mse"], mean_squared_error(*pair, **each))
        np.testing.assert_allclose(table["mae"], mean_absolute_error(*pair, **each))
        np.testing.assert_allclose(table["r2"], r2_score(*pair, **each))
    means = found.feature_table()
    np.testing.assert_allclose(means["mean_observed"], TRUTH.mean(axis=0) + 100)
    np.testing.assert_allclose(means["mean_predicted"], PREDICTED.mean(axis=0) + 100)


def test_no_digits_are_lost_about_a_large_mean():
    found = reconstruction(TRUTH + 1e6, iter([PREDICTED[:30] + 1e6, PREDICTED[30:] + 1e6]))
    assert found["r2_gene"] == pytest.approx(oracle()["r2_gene"], rel=1e-6)
    assert found["pearson_gene"] == pytest.approx(oracle()["pearson_gene"], rel=1e-6)


def test_genes_that_do_not_vary_are_left_out():
    constant = np.column_stack([TRUTH, np.full((90, 2), 0.1)])
    found = reconstruction(constant, np.column_stack([PREDICTED, RNG.normal(size=(90, 2))]))
    assert found["r2_gene"] == pytest.approx(oracle()["r2_gene"])
    with pytest.raises(Undefined, match="no gene varies"):
        reconstruction(np.ones((5, 3)), np.ones((5, 3)))


def test_a_constant_prediction_correlates_0():
    found = reconstruction(TRUTH, np.full_like(TRUTH, TRUTH.mean()))
    assert found["pearson_gene"] == 0
    assert found["r2_gene"] < 0


def test_means_of_genes_have_no_r2():
    found = reconstruction(TRUTH, np.tile(TRUTH.mean(axis=0), (90, 1)))
    assert found["r2_gene"] == pytest.approx(0, abs=1e-12)


def test_shapes_and_masks_that_do_not_fit():
    with pytest.raises(ContractError, match="39 features up to row 90 do not fit a truth of 90"):
        reconstruction(TRUTH, PREDICTED[:, 1:])
    with pytest.raises(ContractError, match="predictions of 50 of 90 rows"):
        reconstruction(TRUTH, PREDICTED[:50])
    with pytest.raises(ContractError, match="up to row 91"):
        reconstruction(TRUTH, np.vstack([PREDICTED, PREDICTED[:1]]))
    broken = PREDICTED.copy()
    broken[41, 3] = np.nan
    with pytest.raises(ContractError, match="prediction of row 42 is not finite"):
        reconstruction(TRUTH, broken)
    with pytest.raises(Undefined, match="no entry is masked"):
        masked_error(TRUTH, PREDICTED, np.zeros_like(MASKED))
