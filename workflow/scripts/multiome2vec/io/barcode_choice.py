"""The barcodes of one sample in a file that holds several: an aggregated run, a merged matrix."""

import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from multiome2vec.errors import UserError

if TYPE_CHECKING:
    from anndata import AnnData

logger = logging.getLogger(__name__)

#: one * for the barcode, with a fixed end or beginning that is set off from it: *-2, lung_*
PATTERN = re.compile(r"\*[^*\sA-Za-z0-9][^*\s]*|[^*\s]*[^*\sA-Za-z0-9]\*")
EXPLAINED = (
    "write * for the barcode and what all of the sample's have behind or before it, set off by a "
    "character such as - or _: '*-2', 'lung_*'"
)


def choose(names: pd.Index, pattern: str, *, path: str | Path) -> pd.Index:
    """Barcodes that look like a pattern; all without one.

    Parameters
    ----------
    names
        Barcodes of the file.
    pattern
        See :data:`PATTERN`; empty for all.

    Raises
    ------
    UserError
        If none does.
    """
    if not pattern:
        return names
    before, _, behind = pattern.partition("*")
    found = names[names.str.startswith(before) & names.str.endswith(behind)]
    if not len(found):
        raise UserError(
            f"{path}: none of its {len(names)} barcodes ({', '.join(names[:2])}, ...) looks like "
            f"'{pattern}', which the sample sheet says."
        )
    return found


def choose_rows(adata: "AnnData", pattern: str, *, path: str | Path) -> "AnnData":
    """Rows of an AnnData whose barcode looks like a pattern (:func:`choose`)."""
    if not pattern:
        return adata
    found = adata.obs_names.isin(choose(adata.obs_names, pattern, path=path))
    logger.info(
        "%s: %d barcodes look like %s; %d of other samples are left out",
        *(path, found.sum(), pattern, (~found).sum()),
    )
    return adata[found].copy()
