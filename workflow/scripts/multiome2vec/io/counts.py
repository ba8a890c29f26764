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


def as_csr(matrix) -> sparse.csr_matrix:
    """CSR with sorted indices and no stored zeros, from dense, CSC or CSR."""
    found = sparse.csr_matrix(matrix)
    found.eliminate_zeros()
    found.sort_indices()
    return found


def require_counts(adata: "AnnData", *, path: str, remedy: str) -> None:
    """Make X integer counts (int32 CSR) in place.

    Raises
    ------
    UserError
        If an entry is negative or has a fractional part; names file, cell, feature and value.
    """
    adata.X = as_csr(adata.X)
    bad = np.flatnonzero((adata.X.data < 0) | (adata.X.data != np.round(adata.X.data)))
    if len(bad):
        row = int(np.searchsorted(adata.X.indptr, bad[0], side="right")) - 1
        feature = adata.var_names[adata.X.indices[bad[0]]]
        raise UserError(
            f"{path}: not counts: {adata.X.data[bad[0]]:g} for {feature} in cell "
            f"{adata.obs_names[row]} ({len(bad):,} entries like it). {remedy}"
        )
    adata.X = adata.X.astype(np.int32)


def require_unique_barcodes(names: pd.Index, *, path: str) -> None:
    """Raise a :class:`UserError` naming a barcode that occurs twice."""
    if not names.is_unique:
        twice = names[names.duplicated()]
        raise UserError(
            f"{path}: barcode {twice[0]} occurs more than once ({len(twice):,} such rows). One row "
            "of the sample sheet is one sample: give merged samples a row each."
        )


def make_unique_names(adata: "AnnData", *, path: str) -> None:
    """Give repeated feature names a number (``GENE``, ``GENE-1``) in place; log how many."""
    repeated = int(adata.var_names.duplicated().sum())
    if repeated:
        logger.info("%s: %d repeated feature names were numbered (-1, -2, ...)", path, repeated)
        adata.var_names_make_unique()
