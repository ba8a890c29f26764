"""Latent semantic indexing of the ATAC."""

import numpy as np
from scipy import sparse

from multiome2vec import keys
from multiome2vec.baselines import N_COMPONENTS, register

MAX_DEPTH_CORRELATION = 0.75


@register("lsi")
def lsi(mdata, *, seed: int) -> np.ndarray:
    """First 30 singular vectors of the TF-IDF of all regions, scaled to unit variance.

    TF-IDF as in Signac's first method, log(1 + 1e4 · tf · N / n_j), of the binarised counts (Stuart
    et al. 2021). Components that follow the number of open regions (|r| > 0.75) are left out.
    """
    from sklearn.utils.extmath import randomized_svd

    binary = (mdata[keys.ATAC].X > 0).astype(np.float32)
    n_open = np.asarray(binary.sum(axis=1)).ravel()
    n = min(N_COMPONENTS + 1, *(size - 1 for size in binary.shape))
    left, _, _ = randomized_svd(tf_idf(binary), n_components=n, random_state=seed)
    left = (left - left.mean(axis=0)) / left.std(axis=0)
    depth = np.log1p(n_open)
    depth = (depth - depth.mean()) / max(depth.std(), 1e-12)
    follows = np.abs(left.T @ depth) / len(depth) > MAX_DEPTH_CORRELATION
    return left[:, ~follows][:, :N_COMPONENTS].astype(np.float32)


def tf_idf(binary: sparse.csr_matrix) -> sparse.csr_matrix:
    """log(1 + 1e4 · tf · N / n_j); regions that are open nowhere stay 0."""
    n_open = np.maximum(np.asarray(binary.sum(axis=1)).ravel(), 1)
    n_cells = np.maximum(np.asarray(binary.sum(axis=0)).ravel(), 1)
    weighted = sparse.diags(1e4 / n_open) @ binary @ sparse.diags(binary.shape[0] / n_cells)
    return weighted.log1p().tocsr().astype(np.float32)
