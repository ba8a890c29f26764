"""Checks and forms of delivered count matrices."""

import logging
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from multiome2vec.errors import UserError

if TYPE_CHECKING:
    from anndata import AnnData

logger = logging.getLogger(__name__)

LARGEST = np.iinfo(np.int32).max


def as_csr(matrix) -> sparse.csr_matrix:
    """CSR with sorted indices and no stored zeros, from dense, CSC or CSR."""
    found = sparse.csr_matrix(matrix)
    found.eliminate_zeros()
    found.sort_indices()
    return found


def no_counts(values: np.ndarray) -> np.ndarray:
    """Where values are no counts: not finite, negative, fractional or beyond int32."""
    if np.issubdtype(values.dtype, np.unsignedinteger):
        return values > LARGEST
    if np.issubdtype(values.dtype, np.integer):
        return (values < 0) | (values > LARGEST)
    whole = np.isfinite(values) & (values == np.round(values))
    return ~whole | (values < 0) | (values > LARGEST)


def require_counts(adata: "AnnData", *, path: str, remedy: str) -> None:
    """Make X integer counts (int32 CSR) in place.

    Raises
    ------
    UserError
        If an entry is missing (NaN), negative or has a fractional part; names file, cell, feature
        and value.
    """
    adata.X = as_csr(adata.X)
    bad = np.flatnonzero(no_counts(adata.X.data))
    if len(bad):
        value, where = _entry(adata, bad[0])
        if np.isnan(value):
            remedy = "Missing values are no counts: give the matrix before they were put in."
        elif value < 0:
            remedy = f"Negative values come of scaling or of background correction. {remedy}"
        raise UserError(
            f"{path}: not counts: {value:g} for {where} ({len(bad):,} entries like it).",
            remedy=remedy,
        )
    adata.X = adata.X.astype(np.int32)


def require_finite(adata: "AnnData", *, path: str) -> None:
    """Make X float32 CSR in place, as log-normalised expression is kept.

    Raises
    ------
    UserError
        If an entry is missing or infinite.
    """
    adata.X = as_csr(adata.X).astype(np.float32)
    bad = np.flatnonzero(~np.isfinite(adata.X.data))
    if len(bad):
        value, where = _entry(adata, bad[0])
        raise UserError(
            f"{path}: {value:g} for {where} ({len(bad):,} entries like it).",
            remedy="Replace missing values, or give the counts instead.",
        )


def _entry(adata: "AnnData", position: int) -> tuple[float, str]:
    """Value of a stored entry, and its feature and cell."""
    row = int(np.searchsorted(adata.X.indptr, position, side="right")) - 1
    feature = adata.var_names[adata.X.indices[position]]
    return float(adata.X.data[position]), f"{feature} in cell {adata.obs_names[row]}"


def require_unique_barcodes(names: pd.Index, *, path: str) -> None:
    """Raise a :class:`UserError` naming a barcode that occurs twice."""
    if not names.is_unique:
        twice = names[names.duplicated()]
        raise UserError(
            f"{path}: barcode {twice[0]} occurs more than once ({len(twice):,} such rows).",
            remedy="One row of the sample sheet is one sample: give merged samples a row each.",
        )


def make_unique_names(adata: "AnnData", *, path: str) -> None:
    """Give repeated feature names a number (``GENE``, ``GENE-1``) in place; log how many."""
    repeated = int(adata.var_names.duplicated().sum())
    if repeated:
        logger.info("%s: %d repeated feature names were numbered (-1, -2, ...)", path, repeated)
        adata.var_names_make_unique()
