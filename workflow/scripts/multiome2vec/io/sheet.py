"""The sample sheet: one row per sample, read and checked before any rule is parsed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.barcode_choice import EXPLAINED, PATTERN
from multiome2vec.io.sheet_text import read_sheet_text

RNA_KINDS = ("10x_h5", "10x_mtx", "table", "h5ad", "normalized")
ATAC_KINDS = ("10x_h5", "mtx", "table", "h5ad")
#: columns with a meaning; every other column is kept as metadata of the sample's cells
COLUMNS = {
    "sample": "name, unique; becomes part of paths and cell names",
    "rna": "path of the RNA counts",
    "rna_kind": "10x_h5, 10x_mtx, table, h5ad (counts) or normalized (log-normalised h5ad)",
    "rna_layer": "layer of an h5ad that holds the values (default X)",
    "rna_barcodes": "which barcodes of the file are the sample's, such as *-2 (default all)",
    "fragments": "path of the ATAC fragments (TSV, gzip or bgzip)",
    "fragments_barcodes": "as rna_barcodes",
    "atac": "path of a ready region matrix",
    "atac_kind": "10x_h5, mtx, table or h5ad",
    "atac_layer": "layer of an h5ad that holds the counts (default X)",
    "atac_barcodes": "as rna_barcodes",
    "counting": "unit of a ready region matrix: paired-insertion, fragment or insertion",
    "barcode_transform": "how to spell RNA barcodes as the ATAC side does",
    "batch": "batch (default: the sample)",
    "donor": "donor",
    "condition": "condition",
    "labels": "TSV or CSV of barcode and label, or obs:<column> of the sample's h5ad",
}
FILES = ("rna", "fragments", "atac")  # columns of paths with barcodes
#: rows of the sheet, and what is wrong with them
Problem = tuple[list[int], str]
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def read_sheet(path: str | Path, *, faults: list[str] | None = None) -> pd.DataFrame:
    """Read and check a sample sheet.

    Parameters
    ----------
    faults
        Gets the problems of single rows, which are left out then; None to refuse them.

    Returns
    -------
    pandas.DataFrame
        Index ``sample``; all of :data:`COLUMNS` present, missing values as empty strings, ``batch``
        filled with the sample's name where empty; unknown columns at the end.

    Raises
    ------
    UserError
        Lists all problems with their row (the header is row 1).
    """
    table = read_sheet_text(path)
    table.columns = table.columns.str.strip()
    table = table.apply(lambda column: column.str.strip())
    problems = [([], text) for text in _column_problems(table)] or list(_row_problems(table))
    faulty = {row - 2 for rows, _ in problems for row in rows}
    texts = [f"{_numbered(rows)}{text}" for rows, text in problems]
    if problems and (faults is None or len(faulty) in (0, len(table))):
        raise UserError(f"Sample sheet {path} is not valid:\n  " + "\n  ".join(texts))
    if faults is not None:
        faults += texts
    table = table.drop(index=faulty)
    for column in COLUMNS:
        if column not in table:
            table[column] = ""
    table[keys.BATCH] = table[keys.BATCH].where(table[keys.BATCH] != "", table["sample"])
    extra = [column for column in table.columns if column not in COLUMNS]
    return table[[*COLUMNS, *extra]].set_index("sample")


def metadata_columns(sheet: pd.DataFrame) -> list[str]:
    """Columns of the sheet that describe a sample's cells rather than its files."""
    known = {keys.BATCH, keys.DONOR, keys.CONDITION}
    return [column for column in sheet.columns if column in known or column not in COLUMNS]


def _column_problems(table: pd.DataFrame):
    if "sample" not in table:
        yield f"no column 'sample'; columns are: {', '.join(table.columns)} (tab-separated?)"
    elif not set(FILES) & set(table.columns):
        yield "none of the columns rna, fragments, atac"
    elif table.empty:
        yield "no samples"


def _numbered(rows: list[int]) -> str:
    """Rows in front of a problem."""
    if not rows:
        return ""
    return f"row{'s' if len(rows) > 1 else ''} {', '.join(map(str, rows))}: "


def _row_problems(table: pd.DataFrame) -> Iterator[Problem]:
    """Rows (the header is row 1), and what is wrong with them."""
    yield from _shared_files(table)
    seen: dict[str, int] = {}
    for row, entry in enumerate(table.to_dict("records"), start=2):
        name = entry["sample"]
        if name in seen:
            yield [row], f"sample '{name}' occurs in row {seen[name]} already; names are unique"
        seen[name] = row
        for text in _entry_problems(entry):
            yield [row], text


def _entry_problems(entry: dict) -> Iterator[str]:
    name = entry["sample"]
    if not NAME.fullmatch(name):
        yield f"sample name '{name}' may hold letters, digits, '_', '.' and '-' only"
    if not any(entry.get(column) for column in FILES):
        yield f"sample '{name}' has neither rna nor fragments nor atac"
    yield from _kind_problems(entry, "rna", RNA_KINDS)
    yield from _kind_problems(entry, "atac", ATAC_KINDS)
    yield from _barcode_problems(entry)
    counting = entry.get("counting", "")
    if counting and counting not in keys.COUNTING_UNITS:
        yield f"counting '{counting}' is none of {', '.join(keys.COUNTING_UNITS)}"


def _barcode_problems(entry: dict) -> Iterator[str]:
    for column in FILES:
        pattern = entry.get(f"{column}_barcodes", "")
        if pattern and not entry.get(column):
            yield f"{column}_barcodes is '{pattern}' but column {column} has no path"
        if pattern and not PATTERN.fullmatch(pattern):
            yield f"{column}_barcodes '{pattern}' is no choice of barcodes: {EXPLAINED}"


def _shared_files(table: pd.DataFrame) -> Iterator[Problem]:
    """Files of several rows, all of whose barcodes would be in each of their samples."""
    for column in FILES:
        if column not in table:
            continue
        patterns = table.get(f"{column}_barcodes", pd.Series("", index=table.index))
        named = table[table[column] != ""]
        for path, rows in named.groupby(column, sort=False):
            mine = patterns[rows.index]
            if len(rows) > 1 and (mine.duplicated().any() or (mine == "").any()):
                text = f"{column} is {path} in all of them; say in {column}_barcodes which "
                yield [row + 2 for row in rows.index], f"{text}barcodes are whose: {EXPLAINED}"


def _kind_problems(entry: dict, column: str, kinds: tuple[str, ...]) -> Iterator[str]:
    kind = entry.get(f"{column}_kind", "")
    if entry.get(column) and kind not in kinds:
        yield f"{column}_kind '{kind}' is none of {', '.join(kinds)}"
    if kind and not entry.get(column):
        yield f"{column}_kind is '{kind}' but there is no path in column {column}"
