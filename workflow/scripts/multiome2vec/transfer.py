"""Labels of clusters by what their cells express: from a labelled reference or marker genes.

Expression is RNA, or gene activity where there is only ATAC. Its scale differs between data sets
and kinds, so every gene is standardised within its own data set first. Cells that share a space
with labelled ones, such as that of their ATAC, take labels from their neighbours there instead.
"""

import logging
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from multiome2vec.errors import UserError

if TYPE_CHECKING:
    from anndata import AnnData

FEWEST_GENES = 20  # shared with the reference
LARGEST = 10.0  # standard deviations; larger values are cut off
TOP_GENES = 2000
COMPONENTS, NEIGHBOURS = 30, 15

logger = logging.getLogger(__name__)


def from_reference(cells: "AnnData", reference: "AnnData", labels: pd.Series) -> pd.Series:
    """Give each cell the label that most of its nearest reference cells have.

    Neighbours are found in the principal components of the reference's variable genes, onto which
    the cells are projected (as scanpy's ``ingest`` does).

    Parameters
    ----------
    cells, reference
        Log-normalised expression in X.
    labels
        Of the reference's cells.

    Returns
    -------
    pandas.Series
        Label by cell.

    Raises
    ------
    UserError
        If fewer than 20 genes have the same name.
    """
    import scanpy as sc
    from sklearn.decomposition import PCA
    from sklearn.neighbors import KNeighborsClassifier

    shared = reference.var_names[reference.var_names.isin(cells.var_names)]
    if len(shared) < FEWEST_GENES:
        raise UserError(
            f"The reference shares only {len(shared)} genes with the cells. Its genes are named "
            f"{', '.join(reference.var_names[:3])}; the cells' {', '.join(cells.var_names[:3])}."
        )
    common = reference[:, shared].copy()
    if len(shared) > TOP_GENES:
        sc.pp.highly_variable_genes(common, n_top_genes=TOP_GENES, flavor="seurat")
        shared = shared[common.var["highly_variable"].to_numpy()]
    known, unknown = (standardised(adata[:, shared]) for adata in (reference, cells))
    n_components = min(COMPONENTS, len(known) - 1, len(shared) - 1)
    pca = PCA(n_components, svd_solver="arpack", random_state=0).fit(known)
    classifier = KNeighborsClassifier(min(NEIGHBOURS, len(known)))
    classifier.fit(pca.transform(known), labels.astype(str))
    logger.info("labels from %d reference cells by %d shared genes", len(known), len(shared))
    return pd.Series(classifier.predict(pca.transform(unknown)), index=cells.obs_names)


def from_neighbours(values: np.ndarray, labels: pd.Series) -> pd.Series:
    """Give cells without a label the one that most of their nearest labelled cells have.

    Parameters
    ----------
    values
        Cells × components of one space, corrected for samples.
    labels
        Of the cells, in this order; missing where there is none.

    Returns
    -------
    pandas.Series
        Label by cell, of those that had none.
    """
    from sklearn.neighbors import KNeighborsClassifier

    known = labels.notna().to_numpy()
    n_neighbors = min(NEIGHBOURS, int(known.sum()))
    classifier = KNeighborsClassifier(n_neighbors).fit(values[known], labels[known].astype(str))
    return pd.Series(classifier.predict(values[~known]), index=labels.index[~known])


def of_clusters(labels: pd.Series, clusters: pd.Series) -> pd.Series:
    """Give all cells of a cluster the label that most of them have.

    Parameters
    ----------
    labels, clusters
        By cell.

    Returns
    -------
    pandas.Series
        Label by cell.
    """
    table = pd.crosstab(clusters, labels)
    best = table.idxmax(axis=1)
    share = table.max(axis=1) / table.sum(axis=1)
    for cluster, label in best.items():
        logger.info("cluster %s is %s (%.0f %% of its cells)", cluster, label, 100 * share[cluster])
    return clusters.astype(str).map(best.rename(index=str))


def from_markers(cells: "AnnData", markers: pd.DataFrame, clusters: pd.Series) -> pd.Series:
    """Give all cells of a cluster the label whose marker genes it expresses most.

    The score of a label in a cluster is the mean, over its markers, of their mean standardised
    expression; a cluster in which no label scores above 0, the mean of all cells, stays without.

    Parameters
    ----------
    cells
        Log-normalised expression in X.
    markers
        Columns label and gene.
    clusters
        By cell.

    Returns
    -------
    pandas.Series
        Label by cell, missing where none fits.

    Raises
    ------
    UserError
        If no marker, or none of a label, is among the genes.
    """
    known = markers[markers["gene"].isin(cells.var_names)]
    without = sorted(set(markers["label"]) - set(known["label"]))
    if without:
        genes = markers.loc[markers["label"] == without[0], "gene"]
        raise UserError(
            f"None of the markers of {', '.join(without)} is among the {cells.n_vars} genes "
            f"({', '.join(genes[:3])} are not; the genes are named "
            f"{', '.join(cells.var_names[:3])})."
        )
    genes = pd.Index(known["gene"].unique())
    values = pd.DataFrame(standardised(cells[:, genes]), columns=genes)
    by_cluster = values.groupby(clusters.astype(str).to_numpy()).mean()
    scores = pd.DataFrame(
        {
            label: by_cluster[list(set(those))].mean(axis=1)
            for label, those in known.groupby("label")["gene"]
        }
    )
    best = scores.idxmax(axis=1).where(scores.max(axis=1) > 0)
    for cluster, label in best.items():
        logger.info("cluster %s is %s (score %.2f)", cluster, label, scores.loc[cluster].max())
    return clusters.astype(str).map(best)


def standardised(cells: "AnnData") -> np.ndarray:
    """Expression of each gene less its mean, over its standard deviation; cells × genes, dense."""
    from scipy import sparse

    values = cells.X.toarray() if sparse.issparse(cells.X) else np.asarray(cells.X)
    values = values.astype(np.float32)
    values -= values.mean(axis=0, dtype=np.float64).astype(np.float32)
    spread = values.std(axis=0, dtype=np.float64).astype(np.float32)
    values /= np.where(spread > 0, spread, 1)
    return np.clip(values, -LARGEST, LARGEST)
