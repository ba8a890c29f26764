"""Latent semantic indexing of the ATAC."""

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from multiome2vec import keys
from multiome2vec.baselines import N_COMPONENTS, register
from multiome2vec.errors import UserError

if TYPE_CHECKING:
    from anndata import AnnData

MAX_DEPTH_CORRELATION = 0.75
SMALLEST_SINGULAR = 1e-5  # of the largest: below it a component is rounding error


@register("lsi", modality=keys.ATAC)
def lsi(adata: "AnnData", *, seed: int) -> np.ndarray:
    """First 30 left singular vectors of the TF-IDF of all regions, each scaled to unit variance.

    Components that follow the log number of open regions (|r| > 0.75), usually the first one, are
    left out and replaced by the next.

    Raises
    ------
    UserError
        If no component is left.
    """
    from sklearn.utils.extmath import randomized_svd

    binary = (adata.X > 0).astype(np.float32)
    n = min(N_COMPONENTS + 1, *(size - 1 for size in binary.shape))
    left, singular, _ = randomized_svd(tf_idf(binary), n_components=n, random_state=seed)
    left = left[:, singular > SMALLEST_SINGULAR * singular[0]]
    left = (left - left.mean(axis=0)) / left.std(axis=0)
    left = left[:, ~follows_depth(left, binary)][:, :N_COMPONENTS]
    if left.shape[1] == 0:
        raise UserError(
            f"LSI of {binary.shape[0]} cells × {binary.shape[1]} regions: every component follows "
            "the number of open regions per cell. Take 'lsi' out of run.baselines."
        )
    return left.astype(np.float32)


def follows_depth(components: np.ndarray, binary: sparse.csr_matrix) -> np.ndarray:
    """Which standardised components (cells × components) are correlated with log depth."""
    depth = np.log1p(np.asarray(binary.sum(axis=1)).ravel())
    depth -= depth.mean()
    spread = depth.std()
    if spread == 0:
        return np.zeros(components.shape[1], dtype=bool)
    return np.abs(components.T @ depth) / (len(depth) * spread) > MAX_DEPTH_CORRELATION


def tf_idf(binary: sparse.csr_matrix) -> sparse.csr_matrix:
    """log(1 + 1e4 · tf · N / n_j), Signac's first method (Stuart 2021).

    tf is 1 / open regions of the cell, N the number of cells, n_j that of cells in which region j
    is open. Regions that are open nowhere stay 0.
    """
    n_open = np.maximum(np.asarray(binary.sum(axis=1)).ravel(), 1)
    n_cells = np.maximum(np.asarray(binary.sum(axis=0)).ravel(), 1)
    weighted = sparse.diags(1e4 / n_open) @ binary @ sparse.diags(binary.shape[0] / n_cells)
    return weighted.log1p().tocsr().astype(np.float32)
