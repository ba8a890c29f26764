"""Samples of bulk expression: tissue and donor, and the AnnData of a data set."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from multiome2vec import keys
from multiome2vec.bulk.expression import Expression
from multiome2vec.errors import UserError

if TYPE_CHECKING:
    from anndata import AnnData

logger = logging.getLogger(__name__)
TISSUE = "tissue"
SCALE = "scale"  # uns: of X
GTEX_ID = r"(GTEX-[A-Z0-9]+|K-562)"  # of a GTEx donor, in front of its samples' ids


def read_tissues(
    path: str | Path, *, sample: str = "SAMPID", tissue: str = "SMTSD", encoding: str = "utf-8"
) -> pd.Series:
    """Read the tissue of each sample from a tab-separated table of sample attributes.

    Parameters
    ----------
    path
        Such as GTEx's ``SampleAttributesDS.txt``.
    sample, tissue
        Columns. Toil's phenotypes have ``sample`` and ``detailed_category``, in latin-1.

    Raises
    ------
    UserError
        If a column is missing or a sample occurs twice.
    """
    table = pd.read_csv(path, sep="\t", dtype=str, encoding=encoding)
    for column in (sample, tissue):
        if column not in table:
            raise UserError(
                f"{path} has no column '{column}'; it has {', '.join(table.columns[:8])}. Name the "
                "columns of sample and tissue."
            )
    tissues = table.set_index(sample)[tissue].rename(TISSUE)
    if not tissues.index.is_unique:
        twice = tissues.index[tissues.index.duplicated()][0]
        raise UserError(f"{path}: sample '{twice}' occurs more than once.")
    return tissues


def as_anndata(expression: Expression, *, tissues: pd.Series | None = None) -> "AnnData":
    """Put expression into an AnnData: samples × genes, X unscaled.

    X stays log2(TPM + 0.001). Scaling belongs after the split, with the training samples'
    statistics.

    Parameters
    ----------
    expression
        Genes unique.
    tissues
        By sample; one without a tissue is ``unlabelled``.

    Returns
    -------
    anndata.AnnData
        ``obs``: donor (a sample that is not GTEx's is its own donor) and, if given, tissue.

    Raises
    ------
    UserError
        If no sample has a tissue.
    """
    import anndata as ad

    samples = expression.samples.to_series()
    donors = samples.str.extract(f"^{GTEX_ID}", expand=False).fillna(samples)
    obs = pd.DataFrame({keys.DONOR: donors.to_numpy()}, index=expression.samples)
    if tissues is not None:
        obs[TISSUE] = tissues.reindex(expression.samples).to_numpy()
        n_without = int(obs[TISSUE].isna().sum())
        if n_without == len(obs):
            raise UserError(
                f"No sample of the expression table (such as '{obs.index[0]}') has a tissue: the "
                f"table of tissues names others (such as '{tissues.index[0]}')."
            )
        if n_without:
            logger.warning("%d of %d samples have no tissue", n_without, len(obs))
        obs[TISSUE] = obs[TISSUE].fillna(keys.UNLABELLED)
    var = pd.DataFrame(index=expression.genes)
    return ad.AnnData(expression.values, obs=obs, var=var, uns={SCALE: "log2(TPM + 0.001)"})
