import anndata as ad
import numpy as np
import scanpy as sc
from multiome2vec.topics import variable
from multiome2vec.topics.variable import imputed_blocks, variable_regions

RNG = np.random.default_rng(0)
THETA = RNG.dirichlet(np.full(5, 0.3), 80)
PHI = RNG.dirichlet(np.full(400, 0.2), 5).T


def dense() -> ad.AnnData:
    return ad.AnnData(np.log1p(1e4 * THETA @ PHI.T))


def test_blocks_make_up_the_dense_matrix(monkeypatch):
    monkeypatch.setattr(variable, "BLOCK", 2700)
    blocks = list(imputed_blocks(THETA, PHI))
    assert len(blocks) == 14
    found = np.concatenate([block for _, block in blocks])
    np.testing.assert_allclose(found, dense().X, rtol=1e-4, atol=1e-5)


def test_variable_regions_are_those_of_scanpy_on_the_dense_matrix():
    expected = sc.pp.highly_variable_genes(dense(), min_disp=0.05, inplace=False)
    found = variable_regions(THETA, PHI)
    for column in ("means", "dispersions", "dispersions_norm"):
        np.testing.assert_allclose(found[column], expected[column], rtol=1e-6, atol=1e-6)
    assert found["highly_variable"].tolist() == expected["highly_variable"].tolist()
    assert 10 < found["highly_variable"].sum() < 390
