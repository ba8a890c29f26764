"""Pseudobulks: counts of cells summed by donor and type, and mixtures of types."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from multiome2vec import keys
from multiome2vec.errors import ContractError, UserError
from multiome2vec.io.features import NAMES

if TYPE_CHECKING:
    from anndata import AnnData

PROPORTIONS = "proportions"  # obsm: shares of the labels in a mixture
CELLS = "cells"  # column: cells that a pseudobulk is the sum of
TOTAL = 1e4  # counts that a profile is scaled to


@dataclass(frozen=True)
class Pseudobulk:
    """Sums of counts by donor and type.

    Attributes
    ----------
    counts
        [P, F] int64 CSR.
    groups
        Columns donor, label and cells (how many were summed), one row per pseudobulk, sorted.
    """

    counts: sparse.csr_matrix
    groups: pd.DataFrame


@dataclass(frozen=True)
class Mixtures:
    """Profiles of donors with known shares of types.

    Attributes
    ----------
    values
        [M, F] CSR, mean counts per cell of the mixture.
    proportions
        Shares of cells, one row per mixture (index ``donor/number``), one column per type; 0 for
        types that the donor does not have, each row sums to 1.
    donors
        Of each mixture [M].
    """

    values: sparse.csr_matrix
    proportions: pd.DataFrame
    donors: np.ndarray


def pseudobulk(
    counts: sparse.csr_matrix, *, donors: Sequence[str], labels: Sequence[str], min_cells: int = 1
) -> Pseudobulk:
    """Sum counts of the cells of each type of each donor.

    One product of an indicator matrix with the counts, which stay as they are.

    Parameters
    ----------
    counts
        [N, F] raw counts.
    donors, labels
        Donor and type of each cell [N]; cells labelled ``unlabelled`` are left out.
    min_cells
        Smaller groups are left out.

    Raises
    ------
    ContractError
        If the values are not counts (a sum of logarithms is the logarithm of nothing of interest),
        or a cell has no donor or label.
    UserError
        If no group is large enough.
    """
    _require_counts(counts)
    cells = pd.DataFrame({keys.DONOR: np.asarray(donors), keys.LABEL: np.asarray(labels)})
    if len(cells) != counts.shape[0]:
        raise ContractError(f"{len(cells)} donors and labels for {counts.shape[0]} cells.")
    if cells.isna().any(axis=None):
        cell = int(np.flatnonzero(cells.isna().any(axis=1))[0])
        raise ContractError(
            f"Cell number {cell + 1} has no donor or no label; name them, or label the cell "
            f"'{keys.UNLABELLED}' to leave it out."
        )
    named = (cells[keys.LABEL] != keys.UNLABELLED).to_numpy()
    grouped = cells[named].groupby([keys.DONOR, keys.LABEL], observed=True, sort=True)
    groups = grouped.size().rename(CELLS).reset_index()
    number = np.full(len(cells), -1)
    number[named] = grouped.ngroup().to_numpy()
    kept = (groups[CELLS] >= min_cells).to_numpy()
    if not kept.any():
        raise UserError(
            f"No donor has a type with {min_cells} cells or more: lower the number of cells."
        )
    cell = np.flatnonzero(named)
    shape = (len(groups), len(cells))
    member = sparse.csr_matrix((np.ones(len(cell), np.int64), (number[cell], cell)), shape=shape)
    sums = (member[kept] @ sparse.csr_matrix(counts)).astype(np.int64)
    return Pseudobulk(sparse.csr_matrix(sums), groups[kept].reset_index(drop=True))


def _require_counts(counts: sparse.csr_matrix) -> None:
    values = sparse.csr_matrix(counts).data
    bad = np.flatnonzero((values < 0) | (values != np.round(values)))
    if len(bad):
        raise ContractError(
            f"Pseudobulks are sums of raw counts; these values are not counts ({values[bad[0]]:g}, "
            f"{len(bad):,} like it). Give layers['{keys.COUNTS}'], not log-normalised values."
        )


def dirichlet_mixtures(
    bulk: Pseudobulk, *, alpha: float = 1.0, per_donor: int = 1, seed: int
) -> Mixtures:
    """Mix the types of each donor in random proportions.

    Proportions p ~ Dirichlet(α, ..., α) over the types that the donor has. A mixture is
    Σ p_t · counts_t / cells_t: what a cell drawn with these proportions holds on average, so p are
    shares of cells, however many cells a type was summed from.

    Parameters
    ----------
    bulk
        Of donors and types.
    alpha
        Concentration, above 0; 1 is uniform over all proportions.
    per_donor
        Mixtures of each donor.
    seed
        Of the proportions.
    """
    if alpha <= 0:
        raise UserError(f"The concentration of the Dirichlet distribution is {alpha}: not above 0.")
    rng = np.random.default_rng(seed)
    types = pd.Index(sorted(bulk.groups[keys.LABEL].unique()))
    column = types.get_indexer(bulk.groups[keys.LABEL])
    n_cells = bulk.groups[CELLS].to_numpy()
    shares, weights, donors = [], [], []
    for donor, rows in bulk.groups.groupby(keys.DONOR, sort=True).indices.items():
        drawn = rng.dirichlet(np.full(len(rows), alpha), per_donor)
        share, weight = np.zeros((per_donor, len(types))), np.zeros((per_donor, len(n_cells)))
        share[:, column[rows]] = drawn
        weight[:, rows] = drawn / n_cells[rows]
        shares.append(share)
        weights.append(sparse.csr_matrix(weight))
        donors += [donor] * per_donor
    names = [f"{donor}/{number % per_donor}" for number, donor in enumerate(donors)]
    proportions = pd.DataFrame(np.vstack(shares), index=names, columns=types)
    values = sparse.csr_matrix(sparse.vstack(weights) @ bulk.counts)
    return Mixtures(values, proportions, np.array(donors))


def bulk_object(bulk: Pseudobulk, var: pd.DataFrame, *, modality: str) -> "AnnData":
    """Wrap sums as cells are: X is log1p of counts per 10,000, ``layers["counts"]`` the sums.

    Parameters
    ----------
    bulk
        Sums.
    var
        Of the features.
    modality
        ``rna`` or ``atac``, in whose place models can be trained on the sums.
    """
    import anndata as ad

    names = bulk.groups[keys.DONOR].astype(str) + "/" + bulk.groups[keys.LABEL].astype(str)
    obs = bulk.groups.set_index(pd.Index(names, name=None))
    var = var.assign(**{keys.FEATURE_TYPES: NAMES[modality]})
    found = ad.AnnData(normalise(bulk.counts), obs=obs, var=var)
    found.layers[keys.COUNTS] = bulk.counts
    if modality == keys.ATAC:
        found.uns[keys.COUNTING] = keys.FRAGMENT
    return found


def mixture_object(mixtures: Mixtures, var: pd.DataFrame) -> "AnnData":
    """Wrap mixtures: X is log1p of counts per 10,000, ``obsm["proportions"]`` the shares."""
    import anndata as ad

    obs = pd.DataFrame({keys.DONOR: mixtures.donors}, index=mixtures.proportions.index)
    var = var.drop(columns=keys.FEATURE_TYPES, errors="ignore")  # whose values would be counts
    found = ad.AnnData(normalise(mixtures.values), obs=obs, var=var)
    found.obsm[PROPORTIONS] = mixtures.proportions
    return found


def normalise(values: sparse.csr_matrix, *, total: float = TOTAL) -> sparse.csr_matrix:
    """log1p of counts per ``total`` counts of the profile, as float32 [P, F].

    The number of cells that were summed drops out. A profile without counts stays 0.
    """
    found = sparse.csr_matrix(values, dtype=np.float64, copy=True)
    sums = np.asarray(found.sum(axis=1)).ravel()
    found.data *= np.repeat(total / np.where(sums > 0, sums, 1), np.diff(found.indptr))
    return found.log1p().astype(np.float32)
