"""Every baseline: finite float32, the same twice, and it finds planted groups."""

import anndata as ad
import mudata
import numpy as np
import pandas as pd
import pytest
from multiome2vec.baselines import REGISTRY
from multiome2vec.baselines.lsi import tf_idf
from scipy import sparse
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

RNG = np.random.default_rng(0)
KIND = np.repeat(np.arange(3), 40)


@pytest.fixture(scope="module")
def mdata():
    own = KIND[:, None] == np.repeat(np.arange(3), 50)
    depth = RNG.lognormal(0, 0.5, (120, 1))
    genes = sparse.csr_matrix(np.log1p(RNG.poisson(depth * np.where(own, 3, 0.5))).astype(float))
    regions = sparse.csr_matrix(RNG.poisson(depth * np.where(own, 1, 0.1)))
    obs = pd.DataFrame(index=[f"s#{i}" for i in range(120)])
    with mudata.set_options(pull_on_update=False):
        return mudata.MuData(
            {"rna": ad.AnnData(genes, obs=obs), "atac": ad.AnnData(regions, obs=obs)}
        )


@pytest.mark.parametrize("name", REGISTRY.names())
def test_baseline(name, mdata):
    baseline = REGISTRY.get(name)
    found = baseline(mdata[baseline.modality], seed=0)
    assert found.dtype == np.float32
    assert found.shape[0] == 120
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found, baseline(mdata[baseline.modality], seed=0))
    clusters = KMeans(3, n_init=10, random_state=0).fit_predict(found[:, :5])
    assert adjusted_rand_score(KIND, clusters) > 0.9


def test_lsi_leaves_out_what_follows_depth(mdata):
    found = REGISTRY.get("lsi")(mdata["atac"], seed=0)
    depth = np.log1p(np.asarray((mdata["atac"].X > 0).sum(1)).ravel())
    assert max(abs(np.corrcoef(depth, column)[0, 1]) for column in found.T) < 0.75


def test_tf_idf_is_the_dense_formula(mdata):
    binary = (mdata["atac"].X > 0).astype(np.float32)
    dense = binary.toarray()
    expected = np.log1p(1e4 * dense / dense.sum(1, keepdims=True) * len(dense) / dense.sum(0))
    np.testing.assert_allclose(tf_idf(binary).toarray(), expected, rtol=1e-5)
