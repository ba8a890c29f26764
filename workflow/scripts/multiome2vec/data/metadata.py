"""Metadata of cells by name, under the names of this workflow or of GSE194122."""

from difflib import get_close_matches
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from multiome2vec import keys
from multiome2vec.errors import UserError

NO_NAME = ("", "nan", "None")  # text of obs that names nothing

#: name in descriptions of GSE194122 (Luecken et al. 2021) → column of its obs
ALIASES = {
    "pct_counts_mt": "GEX_pct_counts_mt",
    "n_counts": "GEX_n_counts",
    "n_genes": "GEX_n_genes",
    "n_genes_by_counts": "GEX_n_genes_by_counts",  # CITE-seq only
    "size_factors": "GEX_size_factors",
    "phase": "GEX_phase",
    "nCount_peaks": "ATAC_nCount_peaks",
    "atac_fragments": "ATAC_atac_fragments",
    "reads_in_peaks_frac": "ATAC_reads_in_peaks_frac",
    "blacklist_fraction": "ATAC_blacklist_fraction",
    "nucleosome_signal": "ATAC_nucleosome_signal",
    "pseudotime_order_GEX": "GEX_pseudotime_order",
    "pseudotime_order_ATAC": "ATAC_pseudotime_order",
}


class Categories(NamedTuple):
    """Categories of some cells.

    Attributes
    ----------
    codes
        [B] int64, index into ``labels``; -1 where there is none.
    labels
        Names of all categories of the column, whichever cells are asked for.
    """

    codes: Tensor
    labels: list[str]


def column_of(obs: pd.DataFrame, field: str) -> str:
    """Name of the column that holds a field: the name itself, or the other one it goes by.

    Raises
    ------
    UserError
        If there is none; names columns spelt alike, and all there are.
    """
    other = ALIASES | {real: text for text, real in ALIASES.items()}
    for name in (field, other.get(field)):
        if name in obs:
            return name
    names = [str(name) for name in obs]
    close = get_close_matches(field, names, n=3, cutoff=0.5)
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    raise UserError(
        f"The cells have no metadata '{field}'.{hint} There are: {', '.join(names) or 'none'}."
    )


def categorised(obs: pd.DataFrame) -> pd.DataFrame:
    """Turn columns of text into categories."""
    text = [name for name in obs if obs[name].dtype.kind not in "biufM" and not _coded(obs[name])]
    return obs.assign(**{name: _text(obs[name]) for name in text})


def names_of(obs: pd.DataFrame, column: str) -> pd.Series:
    """Text of a column, NaN where it names nothing."""
    found = obs[column].astype(str)
    return found.where(~found.isin(NO_NAME))


def donor_codes(obs: pd.DataFrame, column: str = keys.DONOR) -> np.ndarray:
    """Index of the donor of each cell [N] int64, by name; -1 where it has none.

    Raises
    ------
    UserError
        If there is no such column, or fewer than two donors.
    """
    found = names_of(obs, column) if column in obs else pd.Series(dtype=str)
    codes, names = pd.factorize(found, sort=True)
    if len(names) < 2:
        what = f"names {len(names)}" if column in obs else "is missing"
        raise UserError(
            f"The term 'donor' tells donors apart, but the column '{column}' of obs {what}. Give "
            "two donors or more in it (sample sheet: column donor), or leave the term out."
        )
    return codes.astype(np.int64)


def metadata(obs: pd.DataFrame, index: np.ndarray, fields: list[str]) -> dict:
    """Metadata of some cells by field.

    Parameters
    ----------
    obs
        Of all cells, from :func:`categorised`.
    index
        Rows [B].
    fields
        Columns, or other names of them (:data:`ALIASES`).

    Returns
    -------
    dict
        Numbers and booleans as a tensor [B] (float32, int64 or bool; NaN stays NaN), the rest as
        :class:`Categories`.
    """
    found = {}
    for field in fields:
        column = obs[column_of(obs, field)]
        if _coded(column):
            codes = column.cat.codes.to_numpy(np.int64)[index]
            labels = [str(label) for label in column.cat.categories]
            found[field] = Categories(torch.from_numpy(codes), labels)
        else:
            kind = {"b": bool, "i": np.int64, "u": np.int64}.get(column.dtype.kind, np.float32)
            found[field] = torch.from_numpy(column.to_numpy()[index].astype(kind))
    return found


def _coded(column: pd.Series) -> bool:
    return isinstance(column.dtype, pd.CategoricalDtype)


def _text(column: pd.Series) -> pd.Series:
    return column.where(column.isna(), column.astype(str)).astype("category")
