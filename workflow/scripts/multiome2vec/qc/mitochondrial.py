"""Which genes are mitochondrial: by their place in the annotation, else by their symbols."""

import logging

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.io.features import without_version

logger = logging.getLogger(__name__)


def mitochondrial_genes(
    genes: pd.DataFrame, *, prefix: str, places: pd.DataFrame | None, mitochondrion: str | None
) -> np.ndarray:
    """Tell the mitochondrial genes.

    Those that the annotation has on the mitochondrion, found by identifier or by name, and those
    with the prefix that it has nowhere else. Where it has none of the genes on the mitochondrion,
    or there is no annotation, the prefix alone decides.

    Parameters
    ----------
    genes
        Index: names; column ``gene_ids``, if known.
    prefix
        Prefix of mitochondrial symbols, case ignored.
    places
        Columns ``chrom``, ``gene_name`` and ``gene_id`` of the annotation's genes, if there is one.
    mitochondrion
        Name of that chromosome, if it is known.

    Returns
    -------
    numpy.ndarray
        Booleans, one per gene.
    """
    named = genes.index.str.upper().str.startswith(prefix.upper())
    placed = elsewhere = np.zeros(len(genes), dtype=bool)
    if places is not None and mitochondrion is not None:
        there = places["chrom"] == mitochondrion
        placed = _among(genes, places[there])
        elsewhere = _among(genes, places[~there]) & ~placed
    found = placed | (named & ~elsewhere) if placed.any() else named
    if not found.any():
        logger.warning(
            "No gene is mitochondrial by the annotation, and no symbol starts with '%s' "
            "(qc.rna.mt_prefix): the mitochondrial share is 0 everywhere.",
            prefix,
        )
    else:
        logger.info(
            "%d mitochondrial genes: %d by the annotation, %d by the prefix '%s' alone",
            *(found.sum(), placed.sum(), (found & ~placed).sum(), prefix),
        )
    return found


def _among(genes: pd.DataFrame, places: pd.DataFrame) -> np.ndarray:
    """Whether each gene is one of the annotation's, by identifier or by name."""
    found = genes.index.isin(places["gene_name"])
    if keys.GENE_ID in genes:
        ids = without_version(genes[keys.GENE_ID].astype(str))
        found |= ids.isin(without_version(places["gene_id"])).to_numpy()
    return found
