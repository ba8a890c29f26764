"""How many topics: quality of a model for each number of topics, and an automatic choice."""

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.stats import entropy

TOP_REGIONS = 20  # of a topic, for its coherence
#: metrics of a model and whether larger is better
METRICS = {
    "arun": False, "cao_juan": False, "mimno": True, "log_likelihood": True, "perplexity": False,
}  # fmt: skip


def arun(region_share: np.ndarray, cell_share: np.ndarray, n_open: np.ndarray) -> float:
    """Divergence of the two views of the topics' sizes; small is good (Arun et al. 2010).

    Symmetric Kullback-Leibler divergence between the singular values of the topic × region matrix
    and the topics' total weight over cells, both sorted and normalised to 1.

    Parameters
    ----------
    region_share
        W × K, columns sum to 1.
    cell_share
        D × K, rows sum to 1.
    n_open
        Open regions of each cell, length D.
    """
    singular = np.sqrt(np.maximum(np.linalg.eigvalsh(region_share.T @ region_share), 0))
    weight = np.sort(n_open @ cell_share)
    singular, weight = np.maximum(singular, 1e-12), np.maximum(weight, 1e-12)
    return float(entropy(singular, weight) + entropy(weight, singular))


def cao_juan(region_share: np.ndarray) -> float:
    """Mean cosine similarity of pairs of topics; small is good (Cao et al. 2009)."""
    unit = region_share / np.linalg.norm(region_share, axis=0)
    return float((unit.T @ unit)[np.triu_indices(unit.shape[1], 1)].mean())


def coherence(region_share: np.ndarray, matrix: sparse.csr_matrix) -> np.ndarray:
    """Coherence of each topic; large is good (Mimno et al. 2011, equation 1).

    For the top regions v_1, v_2, ... of a topic, the sum over l < m of
    log((D(v_m, v_l) + 1) / D(v_l)), where D counts the cells in which (both) regions are open.
    """
    columns = matrix.tocsc()
    found = []
    for share in region_share.T:
        top = np.argsort(-share, kind="stable")[:TOP_REGIONS]
        together = (columns[:, top].T @ columns[:, top]).toarray().astype(float)
        alone = np.maximum(np.diag(together), 1)
        later, earlier = np.tril_indices(len(top), -1)
        found.append(np.log((together[later, earlier] + 1) / alone[earlier]).sum())
    return np.array(found)


def choose(metrics: pd.DataFrame) -> pd.Series:
    """Score numbers of topics by the sum of their metrics, each scaled to 0 .. 1 (pycisTopic).

    A metric that was not measured (NaN) does not count.

    Parameters
    ----------
    metrics
        One row per number of topics, columns :data:`METRICS`.

    Returns
    -------
    pandas.Series
        The score; the largest is best.
    """
    low, high = metrics.min(), metrics.max()
    scaled = (metrics - low) / (high - low).where(high > low, 1)
    for name, larger_is_better in METRICS.items():
        if not larger_is_better:
            scaled[name] = 1 - scaled[name]
    return scaled[list(METRICS)].sum(axis=1)  # skips NaN
