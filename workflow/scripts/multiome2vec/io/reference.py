"""Labelled cells and marker genes that a user gives to name clusters by."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError

if TYPE_CHECKING:
    from anndata import AnnData

LARGEST_LOG = 30  # log-normalised expression is below it


def read_reference(path: str, *, label: str) -> tuple["AnnData", pd.Series]:
    """Read labelled cells; counts are log-normalised.

    Parameters
    ----------
    path
        h5ad with counts or log-normalised expression in X and genes by name.
    label
        Column of ``obs``.

    Returns
    -------
    cells : anndata.AnnData
        Those with a label; X log-normalised.
    labels : pandas.Series
        Of these.

    Raises
    ------
    UserError
        If the column is missing or X is scaled.
    """
    import anndata as ad
    import scanpy as sc

    cells = ad.read_h5ad(path)
    if label not in cells.obs:
        raise UserError(
            f"{path} has no obs column '{label}'; it has {', '.join(cells.obs.columns)}. Name one "
            "in annotate.reference_label."
        )
    cells = cells[cells.obs[label].notna().to_numpy()].copy()
    cells.var_names_make_unique()
    values = cells.X.data if hasattr(cells.X, "data") and hasattr(cells.X, "tocsr") else cells.X
    values = np.asarray(values)
    if values.size and values.min() < 0:
        raise UserError(
            f"X of {path} has negative values: it is scaled. Give counts or log-normalised "
            "expression (scanpy keeps the latter in .raw)."
        )
    if values.size and (np.mod(values, 1) == 0).all():
        sc.pp.normalize_total(cells, target_sum=1e4)
        sc.pp.log1p(cells)
    elif values.size and values.max() > LARGEST_LOG:
        raise UserError(
            f"X of {path} holds neither counts nor log-normalised expression: its largest value is "
            f"{values.max():.4g}, and it is not of integers."
        )
    return cells, cells.obs[label].astype(str)


def read_markers(path: str) -> pd.DataFrame:
    """Read marker genes: a tab-separated table with the columns label and gene.

    Raises
    ------
    UserError
        If it lacks a column or rows.
    """
    table = pd.read_csv(path, sep="\t", dtype=str)
    if not {keys.LABEL, "gene"} <= set(table.columns) or table.empty:
        raise UserError(
            f"{path} needs the columns label and gene (tabs), one row per marker gene; it has "
            f"{', '.join(table.columns)} and {len(table)} rows."
        )
    return table[[keys.LABEL, "gene"]].dropna()
