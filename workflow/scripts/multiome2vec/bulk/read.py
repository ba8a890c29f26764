"""Tables of bulk expression, read in blocks of rows and turned to samples × genes."""

import logging
import re
from collections.abc import Collection, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from multiome2vec.bulk.expression import Expression, to_log
from multiome2vec.bulk.genes import drop_version
from multiome2vec.errors import UserError
from multiome2vec.io.genome import open_text

logger = logging.getLogger(__name__)
GENES, SAMPLES = "genes", "samples"  # what the rows of a table are
BLOCK = 4_000_000  # values parsed at once
GCT = "#1."  # first line of Broad's format: version, size, then Name, Description and the samples
_GENE = re.compile(r"ENS[A-Z]*G[R\d]\d+")  # Ensembl's id of a gene


class _Header(NamedTuple):
    """Head of a table: separator, names of the columns with values, columns before these."""

    separator: str
    columns: list[str]
    n_labels: int


def read_expression(
    path: str | Path, *, scale: str, rows: str = GENES, keep: Collection[str] | None = None
) -> Expression:
    """Read a table of expression, plain or gzip, tab- or comma-separated, or GCT.

    Values are parsed block by block and only for genes to keep. Memory: twice the result.

    Parameters
    ----------
    path
        One row per gene (or sample) with its name in front; a header with the other names.
    scale
        Of the values: ``log2_tpm``, log2(TPM + 0.001), or ``tpm``.
    rows
        What the rows are: ``genes`` (as GTEx and Toil deliver them) or ``samples``.
    keep
        Genes wanted, without version; None keeps all.

    Returns
    -------
    Expression
        Samples × genes in the table's order; genes without version, those that occur twice still
        twice (:func:`multiome2vec.bulk.genes.merge_duplicates`).

    Raises
    ------
    UserError
        If the file is absent, cut short, not numeric, not of the scale, has genes for samples,
        names a sample twice or holds none of the genes to keep.
    """
    if not Path(path).is_file():
        raise UserError(f"{path} does not exist. Correct the path of the expression table.")
    try:
        with open_text(path) as lines:
            header, lines = _header(lines, path)
            found = _read(lines, header, path=str(path), scale=scale, rows=rows, keep=keep)
    except EOFError:
        raise UserError(f"{path} is cut short: download it again.") from None
    if len(found.samples) and _GENE.match(found.samples[0]):
        other = SAMPLES if rows == GENES else GENES
        raise UserError(
            f"The rows of {path} are declared to be {rows}, but then its first sample is "
            f"'{found.samples[0]}', a gene: they are {other}."
        )
    if not found.samples.is_unique:
        twice = found.samples[found.samples.duplicated()][0]
        raise UserError(f"{path}: sample '{twice}' occurs more than once. Remove or rename it.")
    if not len(found.genes):
        raise UserError(
            f"{path} holds none of the {len(keep or ()):,} genes to keep. Are its names Ensembl "
            f"gene ids, and its rows {rows}?"
        )
    logger.info("%s: %d samples × %d genes", path, *found.values.shape)
    return found


def _header(lines: Iterator[str], path: str | Path) -> tuple[_Header, Iterator[str]]:
    """Head of the table, and the lines after it."""
    first = next(lines, "")
    n_labels = 1
    if first.startswith(GCT):
        next(lines, "")
        first, n_labels = next(lines, ""), 2
    row = next(lines, "")
    separator = "\t" if "\t" in first else ","
    if separator not in first or not row:
        raise UserError(f"{path} is no table with a header and rows of tabs or commas.")
    names = [name.strip('"') for name in first.rstrip("\r\n").split(separator)]
    nameless = row.count(separator) == len(names)  # R leaves out the name of the row names
    columns = names if nameless else names[n_labels:]
    return _Header(separator, columns, n_labels), chain([row], lines)


def _read(
    lines: Iterator[str], header: _Header, *, path: str, scale: str, rows: str,
    keep: Collection[str] | None,
) -> Expression:  # fmt: skip
    """Read all blocks and put them together, samples × genes."""
    if rows not in (GENES, SAMPLES):
        raise UserError(f"Rows of {path} are '{rows}': they can be {GENES} or {SAMPLES}.")
    of_genes = rows == GENES
    wanted = None if keep is None else frozenset(keep)
    columns = np.arange(len(header.columns))
    if not of_genes and wanted is not None:
        columns = np.flatnonzero([drop_version(name) in wanted for name in header.columns])
    names, blocks = [], []
    for some, block in _blocks(lines, header, path, wanted if of_genes else None):
        block = block if of_genes else block[:, columns]
        names += some
        blocks.append(to_log(block, scale=scale, path=path))
    others = [header.columns[column] for column in columns]
    samples, genes = (others, names) if of_genes else (names, others)
    values = np.empty((len(samples), len(genes)), np.float32)
    target, start = (values.T if of_genes else values), 0
    for number, block in enumerate(blocks):
        target[start : start + len(block)] = block
        start, blocks[number] = start + len(block), None
    genes = [drop_version(gene) for gene in genes]
    return Expression(values, pd.Index(samples, dtype=object), pd.Index(genes, dtype=object))


def _blocks(
    lines: Iterator[str], header: _Header, path: str, wanted: frozenset[str] | None
) -> Iterator[tuple[list[str], np.ndarray]]:
    """Names and values [b, n] of some rows after another; rows not wanted are not parsed."""
    names, texts = [], []
    most = max(1, BLOCK // max(len(header.columns), 1))
    for line in lines:
        if not line.strip():
            continue
        parts = line.rstrip("\r\n").split(header.separator, header.n_labels)
        name = parts[0].strip('"')
        if wanted is not None and drop_version(name) not in wanted:
            continue
        names.append(name)
        texts.append(parts[-1])
        if len(texts) == most:
            yield names, _parse(names, texts, header, path)
            names, texts = [], []
    if texts:
        yield names, _parse(names, texts, header, path)


def _parse(names: list[str], texts: list[str], header: _Header, path: str) -> np.ndarray:
    """Values [b, n] float32 of some rows of text."""
    for name, text in zip(names, texts, strict=True):
        n = text.count(header.separator) + 1
        if n != len(header.columns):
            raise UserError(
                f"{path}: row '{name}' has {n} values, its header {len(header.columns)} names."
            )
    try:
        return np.loadtxt(
            texts, np.float32, comments=None, delimiter=header.separator, ndmin=2, quotechar='"'
        )
    except ValueError:
        row, column, value = _not_a_number(texts, header)
        raise UserError(
            f"{path}: '{value}' in row '{names[row]}', column '{header.columns[column]}' is no "
            "number. The table may hold names and numbers only."
        ) from None


def _not_a_number(texts: list[str], header: _Header) -> tuple[int, int, str]:
    """First field that is no number: row, column and text."""
    return next(
        (row, column, value)
        for row, text in enumerate(texts)
        for column, value in enumerate(text.split(header.separator))
        if not _is_number(value.strip('"'))
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text  # Python reads 1_000, tables do not have it
