import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scanpy as sc
from multiome2vec.regulation.expression import log2_fold_change, mean_differences
from multiome2vec.regulation.replicates import combine, two_sided
from scipy import sparse, stats

CELLS, GENES = 800, 200


@pytest.fixture(scope="module")
def cells():
    """Log-normalised counts in two samples; the first 20 genes are higher in label a."""
    rng = np.random.default_rng(0)
    samples = np.repeat(["s", "t"], CELLS // 2)
    labels = np.where(rng.random(CELLS) < np.where(samples == "s", 0.1, 0.4), "a", "b")
    rates = rng.gamma(1, 1, GENES) * np.where(samples == "s", 1, 1.5)[:, None]
    rates[:, :20] *= np.where(labels == "a", 3, 1)[:, None]
    values = np.log1p(rng.poisson(rates)).astype(np.float32)
    return sparse.csr_matrix(values), labels, samples


def test_one_sample_is_welchs_test(cells):
    matrix, labels, _ = cells
    (effect,) = mean_differences(matrix, labels == "a", np.zeros(CELLS))
    dense = matrix.toarray().astype(float)
    expected = stats.ttest_ind(dense[labels == "a"], dense[labels == "b"], equal_var=False)
    np.testing.assert_allclose(combine([effect]), np.nan_to_num(expected.statistic), rtol=1e-5)


def test_planted_genes_are_found_in_spite_of_differences_between_samples(cells):
    matrix, labels, samples = cells
    z = combine(mean_differences(matrix, labels == "a", samples))
    assert (z[:20] > 3).mean() > 0.8
    assert (np.abs(z[20:]) > 1.96).mean() < 0.1


def test_permuted_labels_reject_at_most_six_percent(cells):
    matrix, labels, samples = cells
    rng = np.random.default_rng(1)
    rejected = [
        (two_sided(combine(mean_differences(matrix, permuted == "a", samples))) < 0.05).mean()
        for permuted in (rng.permutation(labels) for _ in range(20))
    ]
    assert 0.02 < np.mean(rejected) <= 0.06


def test_fold_change_is_scanpys(cells):
    matrix, labels, _ = cells
    adata = ad.AnnData(matrix, obs=pd.DataFrame({"label": pd.Categorical(labels)}))
    adata.var_names = [f"G{i}" for i in range(GENES)]
    sc.tl.rank_genes_groups(adata, "label", groups=["a"], method="t-test")
    table = sc.get.rank_genes_groups_df(adata, "a").set_index("names")
    found = log2_fold_change(matrix, labels == "a")
    np.testing.assert_allclose(
        found, table["logfoldchanges"][adata.var_names], rtol=1e-3, atol=1e-5
    )


def test_samples_with_too_few_cells_do_not_count(cells):
    matrix, labels, samples = cells
    inside = (labels == "a") & ((samples == "s") | (np.arange(CELLS) > CELLS - 12))
    assert len(mean_differences(matrix, inside, samples)) == 1


def test_a_gene_that_nobody_expresses_has_no_score():
    matrix = sparse.csr_matrix((40, 3), dtype=np.float32)
    inside = np.arange(40) < 20
    assert (combine(mean_differences(matrix, inside, np.zeros(40))) == 0).all()
