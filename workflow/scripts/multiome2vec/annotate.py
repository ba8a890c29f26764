"""Clusters and a map of the cells: what labels, and so pseudobulks for peaks, fall back on."""

import logging
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError

if TYPE_CHECKING:
    from anndata import AnnData

TARGET_SUM = 1e4  # counts per cell after normalisation
FEWEST_PER_SAMPLE = 50  # cells, to choose variable genes within samples
FEWEST_CELLS = 5
LEAST_SHARED = 0.5  # of the features of the smallest sample
CORRECTED_SPECTRAL = "X_spectral_harmony"

logger = logging.getLogger(__name__)


def merge(samples: dict[str, "AnnData"], *, what: str) -> "AnnData":
    """Stack the cells of all samples on the features that every sample has.

    Parameters
    ----------
    samples
        By sample; rows named ``sample#barcode``.
    what
        What the features are ("genes"), for messages.

    Raises
    ------
    UserError
        If less than half of the features of the smallest sample are shared.
    """
    import anndata as ad

    names = [adata.var_names for adata in samples.values()]
    shared = names[0]
    for other in names[1:]:
        shared = shared[shared.isin(other)]
    smallest = min(len(each) for each in names)
    if len(shared) < LEAST_SHARED * smallest:
        raise UserError(
            f"Samples {', '.join(samples)} share only {len(shared)} {what} (the smallest has "
            f"{smallest}). They need the same reference and the same kind of names."
        )
    if any(len(each) > len(shared) for each in names):
        logger.info("%d %s are shared by all samples; the others are left out", len(shared), what)
    merged = ad.concat([adata[:, shared] for adata in samples.values()], merge="same")
    merged.X = merged.X.tocsr()
    return merged


def log_normalise(cells: "AnnData") -> None:
    """Make X log1p of counts per 10,000, from ``layers["counts"]``, in place."""
    import scanpy as sc

    cells.X = cells.layers[keys.COUNTS].astype(np.float32)
    sc.pp.normalize_total(cells, target_sum=TARGET_SUM)
    sc.pp.log1p(cells)
    del cells.uns["log1p"]  # says only that the base is e, and None does not survive a file


def normalise(cells: "AnnData", *, min_cells: int, n_top_genes: int) -> "AnnData":
    """Drop rare genes, normalise counts, mark highly variable genes.

    Parameters
    ----------
    cells
        Cells × genes with ``layers["counts"]``, or log-normalised values in X and no such layer
        (then only variable genes are marked). ``obs["sample"]``.
    min_cells
        A gene seen in fewer cells is dropped.
    n_top_genes
        Highly variable genes (Seurat's dispersions, per sample if all have 50 cells). With no more
        genes than that, all are used.

    Returns
    -------
    anndata.AnnData
        X is log1p of counts per 10,000.
    """
    import scanpy as sc

    if keys.COUNTS in cells.layers:
        seen = np.asarray((cells.layers[keys.COUNTS] > 0).sum(axis=0)).ravel()
        often = int((seen >= min_cells).sum())
        logger.info("%d of %d genes are seen in %d cells or more", often, cells.n_vars, min_cells)
        cells = cells[:, seen >= min_cells].copy()
        log_normalise(cells)
    if cells.n_vars <= n_top_genes:
        logger.info("There are only %d genes: all are used as highly variable", cells.n_vars)
        cells.var[keys.HIGHLY_VARIABLE] = True
        return cells
    sizes = cells.obs[keys.SAMPLE].value_counts()
    by_sample = len(sizes) > 1 and sizes.min() >= FEWEST_PER_SAMPLE
    batch = keys.SAMPLE if by_sample else None
    sc.pp.highly_variable_genes(cells, n_top_genes=n_top_genes, flavor="seurat", batch_key=batch)
    return cells


def principal_components(cells: "AnnData", *, n_pcs: int, seed: int) -> None:
    """Write ``obsm["X_pca"]``: components of the highly variable genes (exact, ARPACK).

    Raises
    ------
    UserError
        If there are fewer than five cells or three variable genes.
    """
    import scanpy as sc

    genes = int(cells.var[keys.HIGHLY_VARIABLE].sum())
    if cells.n_obs < FEWEST_CELLS or genes < 3:
        raise UserError(
            f"{cells.n_obs} cells with {genes} variable genes cannot be clustered; at least "
            f"{FEWEST_CELLS} cells and 3 genes are needed. See qc/barcodes.pre.tsv for why "
            "barcodes were dropped."
        )
    sc.pp.pca(
        cells,
        n_comps=min(n_pcs, cells.n_obs - 1, genes - 1),
        mask_var=keys.HIGHLY_VARIABLE,
        svd_solver="arpack",
        random_state=seed,
    )


def correct_samples(values: np.ndarray, samples: pd.Series, *, seed: int) -> np.ndarray:
    """Remove differences between samples with Harmony (Korsunsky et al. 2019).

    Parameters
    ----------
    values
        Cells × components.
    samples
        Sample of each cell.
    seed
        Of Harmony.

    Returns
    -------
    numpy.ndarray
        Corrected components, same shape.
    """
    from harmonypy import run_harmony

    found = run_harmony(
        np.asarray(values, dtype=np.float64).T,  # components × cells: not guessed from the shape
        pd.DataFrame({keys.SAMPLE: samples.astype(str).to_numpy()}),
        [keys.SAMPLE],
        random_state=seed,
        ncores=1,
        verbose=False,
    )
    return np.asarray(found.Z_corr, dtype=np.float32)


def spectral(cells: "AnnData", *, n_components: int, seed: int) -> None:
    """Write ``obsm["X_spectral"]``: SnapATAC2's matrix-free spectral embedding (cosine, IDF).

    Parameters
    ----------
    cells
        Cells × tiles or regions, counts in CSR.
    n_components
        At most; components with a negative eigenvalue are left out.
    seed
        Of the eigensolver.

    Raises
    ------
    UserError
        If there are fewer than five cells.
    """
    import snapatac2 as snap

    if cells.n_obs < FEWEST_CELLS:
        raise UserError(
            f"{cells.n_obs} cells cannot be clustered; at least {FEWEST_CELLS} are needed. See "
            "qc/barcodes.pre.tsv for why barcodes were dropped."
        )
    _, embedding = snap.tl.spectral(
        cells, n_comps=n_components, features=None, random_state=seed, inplace=False
    )
    cells.obsm[keys.X_SPECTRAL] = np.asarray(embedding, dtype=np.float32)


def cluster(
    cells: "AnnData", *, representation: str, n_neighbors: int, resolution: float, seed: int
) -> None:
    """Write ``obs["leiden"]`` and ``obsm["X_umap"]`` from a representation in ``obsm``.

    Parameters
    ----------
    cells
        Changed in place.
    representation
        Name in ``obsm``.
    n_neighbors, resolution
        Of the cell graph and of Leiden (igraph, two iterations).
    seed
        Of neighbours, Leiden and UMAP.
    """
    import scanpy as sc

    sc.pp.neighbors(
        cells,
        n_neighbors=min(n_neighbors, cells.n_obs - 1),
        use_rep=representation,
        random_state=seed,
    )
    sc.tl.leiden(
        cells,
        resolution=resolution,
        flavor="igraph",
        n_iterations=2,
        directed=False,
        random_state=seed,
        key_added=keys.LEIDEN,
    )
    sc.tl.umap(cells, random_state=seed)
    logger.info("Clusters: %s", cells.obs[keys.LEIDEN].value_counts().to_dict())


def choose_labels(
    cells: pd.Index, *, given: pd.Series | None, clusters: pd.Series | None,
    source: str = "sample sheet",
) -> pd.DataFrame:  # fmt: skip
    """Label every cell: with the given labels if there are any, else with its cluster.

    Parameters
    ----------
    cells
        All cells that need a label.
    given, clusters
        By cell; a cell may be missing from either. None: there are none.
    source
        Where the given labels come from.

    Returns
    -------
    pandas.DataFrame
        Columns label and label_source. Clusters are named ``leiden-0`` and so on; a cell that the
        chosen source does not know is ``unlabelled``.

    Raises
    ------
    UserError
        If there are neither labels nor clusters, or no given label belongs to a cell.
    """
    if given is not None:
        labels = given.reindex(cells)
        if not labels.notna().any():
            raise UserError(
                f"None of the {len(given)} given labels belongs to a kept cell ({source}). Check "
                "the barcodes in the file (or column) that the sample sheet names under 'labels', "
                "or set annotate.labels: leiden."
            )
    elif clusters is not None:
        labels, source = (f"{keys.LEIDEN}-" + clusters.astype(str)).reindex(cells), keys.LEIDEN
    else:
        raise UserError("There are neither labels nor clusters of the cells.")
    missing = int(labels.isna().sum())
    if missing:
        logger.info("%d of %d cells have no label: 'unlabelled'", missing, len(cells))
    table = pd.DataFrame({keys.LABEL: labels.fillna(keys.UNLABELLED), keys.LABEL_SOURCE: source})
    return table.set_index(pd.Index(cells, name=keys.CELL))
