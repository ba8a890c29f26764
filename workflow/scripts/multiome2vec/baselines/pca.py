"""Principal components of the RNA."""

from typing import TYPE_CHECKING

import numpy as np

from multiome2vec import keys
from multiome2vec.baselines import N_COMPONENTS, register

if TYPE_CHECKING:
    from anndata import AnnData


@register("pca", modality=keys.RNA)
def pca(adata: "AnnData", *, seed: int) -> np.ndarray:
    """First 30 principal components of the log-normalised highly variable genes, not scaled.

    Samples are not corrected for: what the models do about them should show in comparison.
    """
    from sklearn.decomposition import PCA

    if keys.HIGHLY_VARIABLE in adata.var:
        adata = adata[:, adata.var[keys.HIGHLY_VARIABLE].to_numpy(dtype=bool)]
    n = min(N_COMPONENTS, *(size - 1 for size in adata.shape))
    # arpack works on the sparse matrix; centring is implicit
    return PCA(n, svd_solver="arpack", random_state=seed).fit_transform(adata.X).astype(np.float32)
