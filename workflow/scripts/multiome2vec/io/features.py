"""Features of delivered matrices: which modality they are of, and what genes are called."""

import logging
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError

if TYPE_CHECKING:
    from anndata import AnnData

logger = logging.getLogger(__name__)

#: spellings of a feature's type, letters only and in lower case; the first as 10x writes it
SPELLINGS = {
    keys.RNA: ("geneexpression", "gex", "rna", "gene", "genes", "mrna"),
    keys.ATAC: ("peaks", "peak", "atac", "chromatinaccessibility", "regions", "region"),
    "adt": ("antibodycapture", "adt", "protein", "proteins"),
    "other": ("hto", "crisprguidecapture", "custom", "multiplexingcapture", "antigencapture"),
}  # fmt: skip
#: as Cell Ranger writes them
NAMES = {keys.RNA: "Gene Expression", keys.ATAC: "Peaks", "adt": "Antibody Capture"}
TYPE_COLUMNS = (keys.FEATURE_TYPES, "feature_type", "modality")
SYMBOL_COLUMNS = (
    "gene_name", "gene_names", "gene_symbol", "gene_symbols", "symbol", "symbols",
    "feature_name", "gene_short_name", "hgnc_symbol", "mgi_symbol",
)  # fmt: skip
ID_COLUMNS = (keys.GENE_ID, "gene_id", "ensembl_id", "ensembl_ids", "ensembl", "feature_id")
ENSEMBL = re.compile(r"^(ENS[A-Z]*G\d{11})(?:\.\d+)?(_PAR_Y)?$")
MOST = 0.5  # share of the names that decides what they are


def take_modality(adata: "AnnData", *, modality: str, path: str) -> "AnnData":
    """Features of one modality, where the file says which are which.

    Raises
    ------
    UserError
        If none is of this modality.
    """
    column = _column(adata.var, TYPE_COLUMNS)
    kinds = None if column is None else kinds_of_types(adata.var[column].astype(str))
    if kinds is None or (kinds == "").all():  # biotypes, for example
        return adata
    mine = (kinds == modality).to_numpy()
    types = adata.var[column].astype(str)
    if not mine.any():
        raise UserError(
            f"{path} has no features of type {NAMES[modality]}; its types are "
            f"{', '.join(sorted(set(types)))}.",
            remedy="Is it the file of the other modality?",
        )
    left_out = types[~kinds.isin([keys.RNA, keys.ATAC]).to_numpy()]
    if len(left_out):
        counts = ", ".join(f"{n} {name}" for name, n in left_out.value_counts().items())
        logger.info("%s: features of other types are left out: %s", path, counts)
    return adata if mine.all() else adata[:, np.flatnonzero(mine)].copy()


def kinds_of_types(types: pd.Series) -> pd.Series:
    """Modality of every feature: rna, atac, adt, other, or empty where unknown."""
    known = {name: kind for kind, names in SPELLINGS.items() for name in names}
    plain = {text: re.sub("[^a-z]", "", text.lower()) for text in types.unique()}
    return types.map({text: known.get(name, "") for text, name in plain.items()})


def _column(var: pd.DataFrame, names: Sequence[str]) -> str | None:
    """First of these columns that a table has, case ignored."""
    there = {str(column).lower(): column for column in var}
    return next((there[name] for name in names if name in there), None)


def name_genes(adata: "AnnData", *, path: str) -> None:
    """Call genes by their symbols in place; keep Ensembl ids, without version, in ``gene_ids``.

    Raises
    ------
    UserError
        If most names are those of regions.
    """
    names = pd.Series(adata.var_names.astype(str), index=adata.var_names)
    if names.str.fullmatch(r"chr.+[:\-_]\d+[\-_]\d+").mean() > MOST:
        raise UserError(
            f"{path}: its features are regions ({names.iloc[0]}, ...), not genes.",
            remedy="Name the file in the sample sheet's columns atac and atac_kind instead of rna.",
        )
    ids = names.str.fullmatch(ENSEMBL)
    if ids.mean() > MOST:
        _name_by_symbols(adata, names, ids.to_numpy(), path)
        return
    column = _column(adata.var, ID_COLUMNS)
    if column is not None:
        adata.var[keys.GENE_ID] = without_version(adata.var[column].astype(str))


def _name_by_symbols(adata: "AnnData", names: pd.Series, ids: np.ndarray, path: str) -> None:
    """Names of genes that are called by Ensembl ids: symbols where the file has them."""
    plain = without_version(names)
    adata.var[keys.GENE_ID] = plain.to_numpy()
    column = _column(adata.var, SYMBOL_COLUMNS)
    if column is None:
        logger.warning(
            "%s: genes are called by Ensembl ids (%s, ...) and there is no column of symbols: "
            "mitochondrial genes and markers are not known by their symbols. Add a column "
            "gene_name to var.",
            path, plain.iloc[0],
        )  # fmt: skip
        adata.var_names = plain.to_numpy()
        return
    symbols = adata.var[column].astype(object).where(adata.var[column].notna(), "").astype(str)
    given = (symbols.str.strip() != "").to_numpy()
    adata.var_names = np.where(ids & given, symbols.to_numpy(), plain.to_numpy())
    logger.info("%s: genes take the names of the column '%s'", path, column)


def without_version(names: pd.Series) -> pd.Series:
    """Ensembl ids without the version (``ENSG00000000003.15``); other names as they are."""
    return names.str.replace(ENSEMBL, lambda found: found[1] + (found[2] or ""), regex=True)


def check_region_widths(regions: pd.DataFrame, *, path: str) -> None:
    """Warn if regions look as if their starts counted from 1.

    Widths of 499 bp or so in most regions stand for 500 bp in closed intervals from 1.
    """
    width = regions[keys.END] - regions[keys.START]
    common = int(width.mode().iloc[0])
    if (width == common).mean() > MOST and common % 10 == 9:
        logger.warning(
            "%s: most regions are %d bp wide (%s): their starts may count from 1. They are taken "
            "to count from 0, as in BED; if they do not, every start is 1 bp off.",
            path, common, regions.index[0],
        )  # fmt: skip
