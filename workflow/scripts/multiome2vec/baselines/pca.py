"""Principal components of the RNA."""

import numpy as np

from multiome2vec import keys
from multiome2vec.baselines import N_COMPONENTS, register


@register("pca")
def pca(mdata, *, seed: int) -> np.ndarray:
    """First 30 principal components of the log-normalised highly variable genes, not scaled."""
    from sklearn.decomposition import PCA

    rna = mdata[keys.RNA]
    if keys.HIGHLY_VARIABLE in rna.var:
        rna = rna[:, rna.var[keys.HIGHLY_VARIABLE].to_numpy(dtype=bool)]
    n = min(N_COMPONENTS, *(size - 1 for size in rna.shape))
    # arpack works on the sparse matrix; centring is implicit
    return PCA(n, svd_solver="arpack", random_state=seed).fit_transform(rna.X).astype(np.float32)
