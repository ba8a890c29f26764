import numpy as np
import pytest
from multiome2vec import api, keys
from scipy import sparse
from toy_multiome import toy_multiome

SMALL = {
    "hidden": [32], "latent": 4, "max_epochs": 40, "batch_size": 32, "learning_rate": 3e-3,
    "kl_warmup_epochs": 5, "patience": 10,
}  # fmt: skip


def sparse_toy(cells=300):
    """The toy with a sixth of the fragments, so that most regions of a cell are closed."""
    mdata = toy_multiome(cells=cells)
    atac = mdata["atac"]
    rng = np.random.default_rng(1)
    counts = rng.binomial(atac.layers[keys.COUNTS].toarray(), 1 / 6)
    atac.layers[keys.COUNTS] = sparse.csr_matrix(counts)
    atac.X = sparse.csr_matrix(counts.astype(np.float32))
    return mdata


@pytest.fixture(scope="session")
def mdata():
    return sparse_toy()


@pytest.fixture(scope="session")
def model(mdata):
    """Trained on RNA, ATAC and motifs."""
    return api.train(mdata, "trivae", seed=0, **SMALL)


@pytest.fixture(scope="session")
def contrastive(mdata):
    settings = {**SMALL, "max_epochs": 8, "projection": 8}
    return api.train(mdata, "contrastive", seed=0, **settings)


@pytest.fixture(scope="session")
def mixture(mdata):
    settings = {**SMALL, "n_components": 4, "pretrain_epochs": 15, "max_epochs": 10}
    return api.train(mdata, "scmvp", seed=0, **settings)
