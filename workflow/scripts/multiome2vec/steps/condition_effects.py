"""Genes or regions that a condition changes within a label."""

import logging

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.conditions.effects import COLUMNS, condition_effects
from multiome2vec.conditions.replicates import (
    COEFFICIENT,
    Comparison,
    compare,
    reference_level,
    replicate_table,
    replicates_of,
)
from multiome2vec.io.atomic import save_figure, write_tsv
from multiome2vec.io.multiome import read_modality, read_obs
from multiome2vec.plots.condition_effects import effects_figure
from multiome2vec.tasks.pseudobulk import CELLS, Pseudobulk, pseudobulk

MODALITY = {"gene": keys.RNA, "region": keys.ATAC}
CONTRAST = [keys.LABEL, keys.CONDITION, "reference"]
N_TOP = 5  # features named in the summary
logger = logging.getLogger(__name__)


def condition_effects_step(
    *,
    multiome: str,
    kind: str,
    table: str,
    summary: str,
    figure: str,
    settings: dict,
    threads: int,
) -> None:
    """Test every label and condition on pseudobulks: the summed counts of a label's cells.

    Parameters
    ----------
    multiome
        ``multiome.h5mu``.
    kind
        ``gene`` or ``region``.
    table, summary, figure
        All features tested, gzip; one row per label and condition with replicates, design, numbers
        of features raised and lowered, or the ``reason`` why nothing is tested; and its picture.
    settings
        ``conditions.*`` of the configuration: reference, covariates, min_cells (of a pseudobulk),
        min_replicates, min_counts and max_padj.
    threads
        Processes of a fit.
    """
    adata = read_modality(multiome, MODALITY[kind])
    obs = read_obs(multiome).loc[adata.obs_names]
    replicates = replicate_table(obs, covariates=settings["covariates"])
    named = (replicates_of(obs) != "").to_numpy()
    bulk = pseudobulk(
        adata.layers[keys.COUNTS][named],
        donors=replicates_of(obs)[named].to_numpy(),
        labels=obs.loc[named, keys.LABEL].astype(str).to_numpy(),
        min_cells=1,
    )
    first = reference_level(replicates[keys.CONDITION], settings["reference"])
    found, rows = [], []
    for label in sorted(bulk.groups[keys.LABEL].unique()):
        for name in sorted(set(replicates[keys.CONDITION]) - {first}):
            comparison, counts = _of_label(bulk, label, name, first, replicates, settings)
            result = _test(comparison, counts, adata.var_names, settings, threads)
            rows.append(_row(label, comparison, result, counts.shape[1], settings["max_padj"]))
            found.append(_described(result, label, comparison, kind))
    table_of = pd.concat(found)
    write_tsv(table_of, table, index=False)
    summary_of = pd.DataFrame(rows)
    write_tsv(summary_of, summary, index=False)
    save_figure(effects_figure(summary_of, what=f"{kind}s"), figure)


def _of_label(
    bulk: Pseudobulk, label: str, name: str, first: str, replicates: pd.DataFrame, settings: dict
) -> tuple[Comparison, np.ndarray]:
    """Comparison of one label, and its pseudobulks: replicates in use × features."""
    groups = bulk.groups
    large = (groups[keys.LABEL] == label) & (groups[CELLS] >= settings["min_cells"])
    rows = pd.Series(np.flatnonzero(large), index=groups.loc[large, keys.DONOR])
    comparison = compare(
        replicates.loc[rows.index], condition=name, reference=first,
        covariates=settings["covariates"], least=settings["min_replicates"],
    )  # fmt: skip
    return comparison, bulk.counts[rows.loc[comparison.matrix.index]].toarray()


def _test(
    comparison: Comparison, counts: np.ndarray, names: pd.Index, settings: dict, threads: int
) -> pd.DataFrame:
    if comparison.reason:
        return pd.DataFrame(columns=COLUMNS, dtype=float)
    return condition_effects(
        counts, names, comparison, min_counts=settings["min_counts"], threads=threads
    )


def _row(
    label: str, comparison: Comparison, result: pd.DataFrame, n_features: int, max_padj: float
) -> dict:
    """Row of the summary, which is logged as well."""
    treated = comparison.matrix[COEFFICIENT] == 1
    reason = comparison.reason
    if not reason and result.empty:
        reason = "too few features have conditions.min_counts counts in the replicates"
    significant = result[result["padj"] <= max_padj].sort_values("pvalue", kind="stable")
    row = {
        keys.LABEL: label, keys.CONDITION: comparison.condition,
        "reference": comparison.reference, "n_reference": int((~treated).sum()),
        "n_condition": int(treated.sum()), "design": comparison.text, "features": n_features,
        "tested": len(result), "up": int((significant["log2fc"] > 0).sum()),
        "down": int((significant["log2fc"] < 0).sum()),
        "top": ", ".join(significant.index[:N_TOP]), "reason": reason,
    }  # fmt: skip
    if reason:
        logger.warning("%s, %s: not tested: %s", label, comparison.condition, reason)
    else:
        logger.info("%s", row)
    return row


def _described(result: pd.DataFrame, label: str, comparison: Comparison, kind: str) -> pd.DataFrame:
    """Add label and contrast to a result, best first."""
    rows = result.sort_values("pvalue", kind="stable").rename_axis(kind).reset_index()
    contrast = {
        keys.LABEL: label, keys.CONDITION: comparison.condition,
        "reference": comparison.reference,
    }  # fmt: skip
    rows = rows.assign(**contrast)[[*CONTRAST, kind, *COLUMNS]]
    digits = {"base_mean": 3, "log2fc": 4, "se": 4, "statistic": 4}
    return rows.round(digits)
