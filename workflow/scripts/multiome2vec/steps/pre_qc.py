"""Join everything known of every barcode and decide which are cells, before peaks exist."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.atomic import write_tsv
from multiome2vec.io.contracts import check_cells
from multiome2vec.io.regions import read_cells
from multiome2vec.qc.samples import judge_samples
from multiome2vec.qc.verdict import judge

#: columns of each kind of table, and what a barcode without a row has
RNA = {keys.N_GENES: np.nan, keys.TOTAL_COUNTS: np.nan, keys.PCT_MT: np.nan} | {
    keys.RNA_PASS: False,
    keys.RNA_REASON: "",
}
DOUBLETS = {
    keys.DOUBLET_SCORE: np.nan,
    keys.PREDICTED_DOUBLET: False,
    keys.DOUBLET_THRESHOLD: np.nan,
    keys.DOUBLET_NOTE: "",
}
ATAC = {
    keys.N_FRAGMENT: np.nan,
    keys.FRAC_DUP: np.nan,
    keys.FRAC_MITO: np.nan,
    keys.TSSE: np.nan,
    keys.NUCLEOSOME_SIGNAL: np.nan,
    keys.BLACKLIST_FRACTION: np.nan,
    keys.ATAC_DOUBLET_SCORE: np.nan,
    keys.ATAC_DOUBLET_PROBABILITY: np.nan,
    keys.ATAC_PREDICTED_DOUBLET: False,
    keys.ATAC_PASS: False,
    keys.ATAC_REASON: "",
}

logger = logging.getLogger(__name__)


def pre_qc(
    *,
    barcodes: list[str],
    tables: dict[str, list[str]],
    out: str,
    include: str | None,
    exclude: str | None,
    max_cells: int | None,
    seed: int,
    least_cells: int,
    failed_samples: str,
) -> None:
    """Write ``barcodes.pre.tsv``: every barcode, every metric, ``keep`` and ``reason``.

    Parameters
    ----------
    barcodes
        ``barcodes.tsv`` of every sample.
    tables
        Paths ``rna`` (rna_qc.tsv), ``doublets`` and ``atac`` (atac_qc.tsv) of the samples that have
        them.
    include, exclude
        Files with one cell per line, or None.
    max_cells, seed
        See :func:`multiome2vec.qc.verdict.surplus`.
    least_cells, failed_samples
        Cells below which a sample has failed, and what to do then (``stop`` or ``drop``).

    Raises
    ------
    UserError
        If a list names no barcode of the data, or a sample has failed and is not to be dropped.
    """
    table = _stack(barcodes, (keys.BARCODE, keys.SAMPLE, keys.IN_RNA, keys.IN_ATAC))
    text = table.select_dtypes("object").columns
    table[text] = table[text].fillna("")
    for kind, columns in (("rna", RNA), ("doublets", DOUBLETS), ("atac", ATAC)):
        table = _join(table, tables[kind], columns)
    verdict = judge(
        table,
        include=_read_list(include, "qc.include", table.index),
        exclude=_read_list(exclude, "qc.exclude", table.index),
        max_cells=max_cells,
        seed=seed,
    )
    table = table.join(verdict)
    _report(table)
    table = judge_samples(table, least=least_cells, policy=failed_samples)
    write_tsv(table, out)


def _stack(paths: list[str], columns: tuple[str, ...]) -> pd.DataFrame:
    parts = []
    for path in paths:
        part = read_cells(path)
        check_cells(part, path=path, columns=columns)
        parts.append(part)
    return pd.concat(parts)


def _join(table: pd.DataFrame, paths: list[str], columns: dict) -> pd.DataFrame:
    """Add columns; barcodes without a row get the values in ``columns``."""
    empty = pd.DataFrame(columns, index=table.index)
    if not paths:
        return table.join(empty)
    found = _stack(paths, tuple(columns))[list(columns)]
    for column, value in columns.items():
        joined = found[column].reindex(table.index)
        if value == "" or value is False:
            joined = joined.astype(object).where(joined.notna(), value).astype(type(value))
        table[column] = joined
    return table


def _read_list(path: str | None, key: str, cells: pd.Index) -> set[str] | None:
    if path is None:
        return None
    if not Path(path).is_file():
        raise UserError(f"{key}: {path} does not exist.")
    wanted = {line.strip() for line in Path(path).read_text().splitlines()} - {""}
    known = cells.isin(wanted).sum()
    if known == 0:
        raise UserError(
            f"{key}: none of the {len(wanted)} lines of {path} is a cell of this dataset. Cells "
            f"are named sample#barcode, one per line, for example {cells[0]}."
        )
    logger.info("%s: %d of %d lines of %s are cells", key, known, len(wanted), path)
    return wanted


def _report(table: pd.DataFrame) -> None:
    codes = table[keys.REASON].str.split(";").explode()
    counts = codes[codes != ""].value_counts()
    if len(counts):
        logger.info("Barcodes by reason (several may apply):\n%s", counts.to_string())
    kept = table.groupby(keys.SAMPLE)[keys.KEEP].agg(["sum", "size"])
    for sample, row in kept.iterrows():
        logger.info("%s: %d of %d barcodes kept", sample, row["sum"], row["size"])
