"""Samples as a whole: how many cells each filter leaves of them, and which have too few."""

import logging

import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.qc.account import DELIVERED, left_after

STOP, DROP = "stop", "drop"
FAILED_SAMPLE = "failed_sample"
STATUS, PASSED, FAILED = "status", "passed", "failed"
TOOK_MOST, MOST = "took_most", "dropped_by_it"

logger = logging.getLogger(__name__)


def summarise(cells: pd.DataFrame, *, least: int) -> pd.DataFrame:
    """Tabulate the samples.

    Parameters
    ----------
    cells
        All barcodes with sample and reason (codes joined by semicolons).
    least
        Cells below which a sample has failed.

    Returns
    -------
    pandas.DataFrame
        One row per sample: barcodes delivered and left after each filter, the filter that took
        most and how many, and ``passed`` or ``failed``. Samples that were dropped before have
        failed.
    """
    rows = {}
    for sample, reasons in cells.groupby(keys.SAMPLE, sort=False)[keys.REASON]:
        left = {DELIVERED: len(reasons), **left_after(reasons)}
        dropped = left.pop("samples") < list(left.values())[-1]
        taken = -pd.Series(left).diff().fillna(0).astype(int)
        few = list(left.values())[-1] < least
        rows[sample] = {
            **left,
            TOOK_MOST: taken.idxmax() if taken.max() else "",
            MOST: taken.max(),
            STATUS: FAILED if few or dropped else PASSED,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(keys.SAMPLE)


def judge_samples(cells: pd.DataFrame, *, least: int, policy: str) -> pd.DataFrame:
    """Stop if samples have too few cells left, or drop these samples.

    Parameters
    ----------
    cells
        All barcodes with sample, keep and reason.
    least
        Cells below which a sample has failed.
    policy
        ``stop`` or ``drop``.

    Returns
    -------
    pandas.DataFrame
        ``cells``; those of failed samples are not kept, with the reason ``failed_sample``.

    Raises
    ------
    UserError
        If a sample has failed and is not to be dropped, or all have; with a table of all samples.
    """
    found = summarise(cells, least=least)
    failed = found.index[found[STATUS] == FAILED]
    known = cells.loc[cells[keys.REASON].str.contains(FAILED_SAMPLE), keys.SAMPLE].unique()
    new = failed.difference(known)
    if len(failed) == len(found) or (len(new) and policy == STOP):
        raise UserError(_message(found, failed, least=least))
    if len(new):
        logger.warning(
            "qc.failed_samples is drop: the run goes on without %s, of which fewer than %d cells "
            "are left (qc.min_sample_cells):\n%s", ", ".join(new), least, found.to_string(),
        )  # fmt: skip
    lost = cells[keys.SAMPLE].isin(new) & cells[keys.KEEP]
    return cells.assign(
        **{
            keys.KEEP: cells[keys.KEEP] & ~lost,
            keys.REASON: cells[keys.REASON].mask(lost, FAILED_SAMPLE),
        }
    )


def _message(found: pd.DataFrame, failed: pd.Index, *, least: int) -> str:
    blame = "; ".join(
        f"{name}: {found.loc[name, TOOK_MOST]} took {found.loc[name, MOST]} of "
        f"{found.loc[name, DELIVERED]}"
        for name in failed
    )
    return (
        f"{len(failed)} of {len(found)} samples have fewer than {least} cells left after quality "
        f"control (qc.min_sample_cells): {', '.join(failed)}.\n{found.to_string()}\n"
        f"Of the failed ones, the filter that took most ({blame}).\nTwo ways out: give them other "
        f"limits (qc.samples.{failed[0]}, with the keys of qc.rna, qc.atac and qc.doublets; their "
        "metrics and limits are in rna_qc.tsv, rna_limits.tsv, atac_qc.tsv and atac_limits.tsv of "
        "the sample's folder), or go on without them: qc.failed_samples: drop, or take them out of "
        "the sample sheet."
    )
