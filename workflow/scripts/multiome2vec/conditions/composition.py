"""Shares of cell types by replicate, and which of them differ between conditions."""

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control
from scipy.stats import t as student

from multiome2vec import keys
from multiome2vec.conditions.replicates import COEFFICIENT, REPLICATE, Comparison

PSEUDO_COUNT = 0.5  # cells, so that types that a replicate lacks have a logarithm


def composition(replicates: pd.Series, labels: pd.Series) -> pd.DataFrame:
    """Cells of every type in every replicate.

    Parameters
    ----------
    replicates, labels
        Of each cell; cells without replicate (empty) or label (``unlabelled``) are left out.

    Returns
    -------
    pandas.DataFrame
        Replicates × types, counts of cells.
    """
    use = (replicates != "").to_numpy() & (labels != keys.UNLABELLED).to_numpy()
    found = pd.crosstab(replicates[use].to_numpy(), labels[use].astype(str).to_numpy())
    return found.rename_axis(index=REPLICATE, columns=keys.LABEL)


def centred_log_ratios(counts: pd.DataFrame) -> pd.DataFrame:
    """log2 share of each type over the geometric mean of the shares of all types.

    Aitchison 1982; half a cell is added to every count.
    """
    logs = np.log2(counts + PSEUDO_COUNT)
    return logs.sub(logs.mean(axis=1), axis=0)


def compare_composition(counts: pd.DataFrame, comparison: Comparison) -> pd.DataFrame:
    """Test each type: a linear model of its centred log-ratios, replicates as observations.

    With two groups this is Student's t-test with a common variance, with a paired design the
    paired t-test. Shares sum to 1, so that one type that grows makes all others smaller. Effects
    are therefore taken relative to the median over types (Zhou 2022, LinDA, does so with the mode):
    what most types do counts as no change.

    Parameters
    ----------
    counts
        Replicates × types.
    comparison
        Testable: design of the replicates it uses.

    Returns
    -------
    pandas.DataFrame
        By type: log2fc (difference of centred log-ratios, less the median
        of the types), se, statistic (t), df, pvalue and padj
        (Benjamini-Hochberg over the types).
    """
    ratios = centred_log_ratios(counts.loc[comparison.matrix.index])
    design = comparison.matrix.to_numpy()
    inverse = np.linalg.inv(design.T @ design)
    coefficients = inverse @ design.T @ ratios.to_numpy()
    residuals = ratios.to_numpy() - design @ coefficients
    df = design.shape[0] - design.shape[1]
    at = comparison.matrix.columns.get_loc(COEFFICIENT)
    se = np.sqrt((residuals**2).sum(axis=0) / df * inverse[at, at])
    effect = coefficients[at] - np.median(coefficients[at])
    statistic = effect / np.where(se > 0, se, np.inf)
    pvalue = 2 * student.sf(np.abs(statistic), df)
    return pd.DataFrame(
        {
            "log2fc": effect, "se": se, "statistic": statistic, "df": df, "pvalue": pvalue,
            "padj": false_discovery_control(pvalue),
        },
        index=ratios.columns,
    )  # fmt: skip
