"""Which barcodes are cells, before peaks exist.

A barcode is kept if all of this holds:

* it is present in every modality that its sample has;
* its RNA metrics lie within the RNA limits, its ATAC metrics within the ATAC limits;
* it is not a doublet, by the joint rule;
* the lists ``qc.include`` and ``qc.exclude`` allow it, and ``qc.max_cells`` leaves room.

**The joint doublet rule.** A barcode is a doublet if

1. its RNA score is above the RNA threshold of its sample (``rna_doublet``); or
2. it has no RNA score and its ATAC doublet probability is at least 1/2 (``atac_doublet``); or
3. both modalities point to it: the ATAC doublet probability is at least 1/2, and its RNA score is
   above the 90th percentile of the scores of its sample (``joint_doublet``).

RNA decides alone because its scores are better calibrated: their threshold lies between two modes
of simulated doublets. The ATAC probability comes from a mixture that always has two parts, so a
homogeneous sample gives false calls; there it needs a second witness.
"""

import zlib

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.qc.reasons import join_reasons

SECOND_WITNESS = 0.9  # quantile of the RNA scores of a sample


def presence_flags(table: pd.DataFrame) -> pd.DataFrame:
    """Flag barcodes that lack a modality which other barcodes of their sample have.

    Parameters
    ----------
    table
        Columns sample, in_rna, in_atac.
    """
    samples = table[keys.SAMPLE]
    return pd.DataFrame(
        {
            f"not_{column}": ~table[column] & table[column].groupby(samples).transform("any")
            for column in (keys.IN_RNA, keys.IN_ATAC)
        }
    )


def doublet_flags(table: pd.DataFrame) -> pd.DataFrame:
    """Apply the joint doublet rule of this module.

    Parameters
    ----------
    table
        Columns sample, doublet_score (missing: not scored), predicted_doublet,
        atac_predicted_doublet.
    """
    score = table[keys.DOUBLET_SCORE]
    quantile = score.groupby(table[keys.SAMPLE]).transform("quantile", SECOND_WITNESS)
    rna, atac = table[keys.PREDICTED_DOUBLET], table[keys.ATAC_PREDICTED_DOUBLET]
    return pd.DataFrame(
        {
            "rna_doublet": rna,
            "atac_doublet": atac & score.isna(),
            "joint_doublet": atac & (score > quantile) & ~rna,
        }
    )


def list_flags(
    cells: pd.Index, *, include: set[str] | None, exclude: set[str] | None
) -> pd.DataFrame:
    """Flag cells that the lists rule out; None is no list."""
    return pd.DataFrame(
        {
            "not_included": ~cells.isin(include) if include is not None else False,
            "excluded": cells.isin(exclude) if exclude is not None else False,
        },
        index=cells,
    )


def surplus(samples: pd.Series, *, max_cells: int | None, seed: int) -> pd.Series:
    """Flag all but ``max_cells`` randomly chosen cells of each sample.

    The choice in one sample depends on its name, its cells and the seed, not on other samples or on
    the order of rows.

    Parameters
    ----------
    samples
        Sample of each cell (index = cells).
    max_cells
        None flags nothing.
    seed
        Of the choice.
    """
    flags = pd.Series(data=False, index=samples.index)
    if max_cells is None:
        return flags
    for sample, cells in samples.groupby(samples).groups.items():
        generator = np.random.default_rng([seed, zlib.crc32(str(sample).encode())])
        flags[generator.permutation(np.sort(cells.to_numpy(str)))[max_cells:]] = True
    return flags


def judge(
    table: pd.DataFrame,
    *,
    include: set[str] | None,
    exclude: set[str] | None,
    max_cells: int | None,
    seed: int,
) -> pd.DataFrame:
    """Decide for each barcode, with every reason that applies.

    Parameters
    ----------
    table
        All barcodes of all samples (index ``cell``): sample, in_rna, in_atac, rna_reason,
        atac_reason (empty texts where passed or not measured) and the columns of
        :func:`doublet_flags`.
    include, exclude, max_cells, seed
        See :func:`list_flags` and :func:`surplus`; ``max_cells`` counts only cells that are kept
        otherwise.

    Returns
    -------
    pandas.DataFrame
        Columns keep and reason.
    """
    parts = [
        join_reasons(presence_flags(table)),
        table[keys.RNA_REASON],
        table[keys.ATAC_REASON],
        join_reasons(doublet_flags(table)),
        join_reasons(list_flags(table.index, include=include, exclude=exclude)),
    ]
    joined = [";".join(filter(None, codes)) for codes in zip(*parts, strict=True)]
    reason = pd.Series(joined, index=table.index, dtype=object)
    free = table.loc[reason == "", keys.SAMPLE]
    left_out = surplus(free, max_cells=max_cells, seed=seed)
    reason[left_out.index[left_out]] = "max_cells"
    return pd.DataFrame({keys.KEEP: reason == "", keys.REASON: reason})
