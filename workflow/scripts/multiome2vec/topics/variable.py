"""Imputed accessibility and the regions in which it varies most.

Imputed, the accessibility of cell d in region w is p_dw = sum_k θ_dk φ_wk; a cell's sum to 1.
Being linear in the topics, its mean and variance over cells follow from those of θ: no matrix of
cells × regions is needed. Where values of single cells are, they are made block by block.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

TARGET_SUM = 1e4  # cisTopic's scale: a cell's imputed accessibility sums to it
BLOCK = 4_000_000  # entries of a dense block
BINS = 20  # of mean accessibility
MIN_DISPERSION = 0.05  # pycisTopic's defaults for imputed accessibility
MIN_MEAN, MAX_MEAN = 0.0125, 3.0


def block_cells(n_regions: int) -> int:
    """Cells in a block."""
    return max(1, BLOCK // max(n_regions, 1))


def imputed_blocks(theta: np.ndarray, phi: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield slices of cells with their normalised accessibility log(1 + 10⁴ θ φᵀ), float32."""
    theta, phi = theta.astype(np.float32), phi.astype(np.float32)
    step = block_cells(len(phi))
    for start in range(0, len(theta), step):
        rows = slice(start, min(start + step, len(theta)))
        yield rows, np.log1p(np.float32(TARGET_SUM) * (theta[rows] @ phi.T))


def variable_regions(theta: np.ndarray, phi: np.ndarray) -> pd.DataFrame:
    """Mean and dispersion of each region's imputed accessibility, and which vary most.

    The dispersion, variance over mean, is normalised by the mean and standard deviation of the
    dispersions (in log) of regions of similar mean (Satija et al. 2015; scanpy's flavour
    ``seurat``). A region is highly variable if its normalised dispersion is above 0.05 and its mean
    (log1p) between 0.0125 and 3.

    Parameters
    ----------
    theta, phi
        Cells × topics and regions × topics.

    Returns
    -------
    pandas.DataFrame
        means, dispersions, dispersions_norm, highly_variable; one row per region.
    """
    theta, phi = theta.astype(np.float64), phi.astype(np.float64)
    mean = TARGET_SUM * (phi @ theta.mean(axis=0))
    covariance = np.atleast_2d(np.cov(theta, rowvar=False))
    variance = TARGET_SUM**2 * np.einsum("wk,kl,wl->w", phi, covariance, phi, optimize=True)
    dispersion = np.maximum(variance, 1e-12) / np.maximum(mean, 1e-12)
    table = pd.DataFrame({"means": np.log1p(mean), "dispersions": np.log(dispersion)})
    table["dispersions_norm"] = _within_bins(table)
    high = table["dispersions_norm"] > MIN_DISPERSION
    table["highly_variable"] = high & table["means"].between(
        MIN_MEAN, MAX_MEAN, inclusive="neither"
    )
    return table


def _within_bins(table: pd.DataFrame) -> pd.Series:
    """Dispersions in standard deviations from the mean of their bin of means."""
    groups = table["dispersions"].groupby(pd.cut(table["means"], BINS), observed=True)
    mean, spread = groups.transform("mean"), groups.transform("std")
    alone = spread.isna()  # one region in its bin: its normalised dispersion is 1, as in Seurat
    return (table["dispersions"] - mean.where(~alone, 0)) / spread.where(~alone, mean)
