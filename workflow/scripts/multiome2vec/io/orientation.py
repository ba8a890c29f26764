"""Whether a matrix has cells in its rows."""

import logging
from typing import TYPE_CHECKING

import pandas as pd

from multiome2vec.io.barcodes import PARTS

if TYPE_CHECKING:
    from anndata import AnnData

logger = logging.getLogger(__name__)

LOOKED_AT = 1000  # names
MOST = 0.9  # share of the names that decides what they are
SHORTEST = 12  # sequence of a barcode, bp


def upright(adata: "AnnData", *, path: str) -> "AnnData":
    """Turn a matrix whose columns, by their names, are barcodes and whose rows are not."""
    if _barcodes(adata.var_names) and not _barcodes(adata.obs_names):
        logger.warning("%s is transposed (features × cells): it is turned.", path)
        return adata.T.copy()
    return adata


def _barcodes(names: pd.Index) -> bool:
    """Whether most of the first names hold a sequence of a barcode's length."""
    found = [PARTS.match(str(name)) for name in names[:LOOKED_AT]]
    long = [match for match in found if match and len(match["core"]) >= SHORTEST]
    return bool(found) and len(long) >= MOST * len(found)
