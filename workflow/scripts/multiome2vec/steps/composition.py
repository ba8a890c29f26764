"""Shares of cell types by condition."""

import logging

import pandas as pd

from multiome2vec import keys
from multiome2vec.conditions.composition import compare_composition, composition
from multiome2vec.conditions.replicates import (
    COEFFICIENT,
    Comparison,
    compare,
    reference_level,
    replicate_table,
    replicates_of,
)
from multiome2vec.io.atomic import save_figure, write_tsv
from multiome2vec.io.multiome import read_obs
from multiome2vec.plots.composition import composition_figure

CONTRAST = [keys.CONDITION, "reference", keys.LABEL]
VALUES = ["log2fc", "se", "statistic", "df", "pvalue", "padj"]
NUMBERS = ["n_reference", "n_condition"]
logger = logging.getLogger(__name__)


def composition_step(
    *,
    multiome: str,
    table: str,
    tests: str,
    figure: str,
    reference: str | None,
    covariates: list[str],
    min_replicates: int,
) -> None:
    """Write cells and shares of every label in every replicate, and which labels differ.

    Parameters
    ----------
    multiome
        ``multiome.h5mu``; its cells of whatever modality count.
    table, tests, figure
        ``composition.tsv``, ``composition_tests.tsv`` (a row per condition and label; where nothing
        is tested, the column ``reason`` says why) and a picture of the shares.
    reference, covariates, min_replicates
        ``conditions.*`` of the configuration.
    """
    obs = read_obs(multiome)
    replicates = replicate_table(obs, covariates=covariates)
    counts = composition(replicates_of(obs), obs[keys.LABEL].astype(str))
    replicates = replicates.loc[counts.index]
    first = reference_level(replicates[keys.CONDITION], reference)
    others = sorted(set(replicates[keys.CONDITION]) - {first})
    settings = {"reference": first, "covariates": covariates, "least": min_replicates}
    comparisons = [compare(replicates, condition=name, **settings) for name in others]
    found = pd.concat([_tested(counts, comparison) for comparison in comparisons])
    long = counts.stack().rename("cells").reset_index()
    long["share"] = (long["cells"] / long.groupby("replicate")["cells"].transform("sum")).round(6)
    described = replicates[[keys.DONOR, keys.CONDITION]]
    write_tsv(described.merge(long, left_index=True, right_on="replicate"), table, index=False)
    write_tsv(found.round(dict.fromkeys(VALUES[:3], 4)), tests, index=False)
    padj = found.set_index([keys.CONDITION, keys.LABEL])["padj"]
    save_figure(composition_figure(counts, replicates[keys.CONDITION], first, padj), figure)


def _tested(counts: pd.DataFrame, comparison: Comparison) -> pd.DataFrame:
    """Rows of the table of tests of one condition."""
    treated = comparison.matrix[COEFFICIENT] == 1
    reason = comparison.reason or ("" if counts.shape[1] > 1 else "there is one label only")
    what = f"{comparison.condition} against {comparison.reference}"
    if reason:
        logger.warning("Composition, %s: not tested: %s", what, reason)
        rows = pd.DataFrame(index=counts.columns, columns=VALUES, dtype=float)
    else:
        rows = compare_composition(counts, comparison)
        logger.info("Composition, %s, %s:\n%s", what, comparison.text, rows.round(4).to_string())
    rows = rows.reset_index().assign(
        condition=comparison.condition, reference=comparison.reference,
        n_reference=(~treated).sum(), n_condition=treated.sum(), design=comparison.text,
        reason=reason,
    )  # fmt: skip
    return rows[[*CONTRAST, *NUMBERS, *VALUES, "design", "reason"]]
