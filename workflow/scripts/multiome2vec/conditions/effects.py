"""Genes or regions that a condition changes within a type: DESeq2's model on pseudobulks."""

import warnings

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from multiome2vec.conditions.replicates import COEFFICIENT, Comparison

FEWEST_FEATURES = 20  # for a trend of the dispersions
COLUMNS = ["base_mean", "log2fc", "se", "statistic", "pvalue", "padj"]


def expressed(counts: np.ndarray, treated: np.ndarray, *, min_counts: int) -> np.ndarray:
    """Features with at least ``min_counts`` counts in as many replicates as the smaller side has.

    Blind to which side they are of, so that the choice does not bias the test (as edgeR's
    ``filterByExpr``).

    Parameters
    ----------
    counts
        Replicates × features.
    treated
        Side of each replicate.
    """
    smaller = min(treated.sum(), (~treated).sum())
    return (counts >= min_counts).sum(axis=0) >= smaller


def condition_effects(
    counts: np.ndarray,
    names: pd.Index,
    comparison: Comparison,
    *,
    min_counts: int,
    threads: int = 1,
) -> pd.DataFrame:
    """Test every feature by DESeq2 as PyDESeq2 has it (Love 2014, Muzellec 2023).

    Negative binomial regression with median-of-ratios size factors (of positive counts),
    dispersions shrunk to their trend, Wald test; outliers by Cook's distance have no p-value. The
    fold change is the maximum-likelihood estimate, not shrunk.

    Parameters
    ----------
    counts
        Pseudobulks × features, rows as ``comparison.matrix``.
    names
        Of the features.
    comparison
        Testable.
    min_counts
        See :func:`expressed`; other features are not tested.
    threads
        Processes; the result does not depend on them.

    Returns
    -------
    pandas.DataFrame
        Of the features tested: base_mean, log2fc, se, statistic, pvalue, padj (Benjamini-Hochberg
        over these features); empty if fewer than 20 can be tested.
    """
    from pydeseq2.dds import DeseqDataSet
    from pydeseq2.default_inference import DefaultInference
    from pydeseq2.ds import DeseqStats

    matrix = comparison.matrix
    use = expressed(counts, matrix[COEFFICIENT].to_numpy() == 1, min_counts=min_counts)
    if use.sum() < FEWEST_FEATURES:
        return pd.DataFrame(columns=COLUMNS, dtype=float)
    inference = DefaultInference(n_cpus=threads)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of fits that did not converge: they are refitted
        data = DeseqDataSet(
            counts=pd.DataFrame(counts[:, use], index=matrix.index, columns=names[use]),
            metadata=matrix, design=matrix, inference=inference, quiet=True,
            size_factors_fit_type="poscounts",
        )  # fmt: skip
        data.deseq2()
        contrast = (matrix.columns == COEFFICIENT).astype(float)
        stats = DeseqStats(
            data, contrast=contrast, independent_filter=False, inference=inference, quiet=True
        )
        stats.summary()
    found = stats.results_df.set_axis(COLUMNS, axis=1)
    known = found["pvalue"].notna()
    found["padj"] = np.nan
    found.loc[known, "padj"] = false_discovery_control(found.loc[known, "pvalue"])
    return found
