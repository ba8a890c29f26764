"""Genes of bulk expression: ids without version, coding genes, and one fixed order of them."""

import logging
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from multiome2vec.bulk.expression import OFFSET, Expression
from multiome2vec.errors import ContractError, UserError
from multiome2vec.io.genome import open_text

logger = logging.getLogger(__name__)
LARGEST_MISSING = 0.05  # share of a list's genes that a table may lack
DUPLICATES = ("error", "sum", "largest")
CODING = "protein_coding"
_VERSIONED = re.compile(r"(ENS[A-Z]*\d+)\.\d+(_PAR_Y)?")
_TYPE = re.compile(r'gene_(?:bio)?type "([^"]*)"')
_ID = re.compile(r'gene_id "([^"]*)"')


class Aligned(NamedTuple):
    """Expression of the genes of a list, and what became of those that the table lacks.

    Attributes
    ----------
    expression
        In the list's order.
    missing
        Columns gene and filled_with (log2(TPM + 0.001)); empty where the table has all genes.
    n_unused
        Genes of the table that the list does not have.
    """

    expression: Expression
    missing: pd.DataFrame
    n_unused: int


def drop_version(gene: str) -> str:
    """``ENSG00000182378.14`` → ``ENSG00000182378``.

    The Y copy of a pseudoautosomal gene stays a gene of its own (``ENSG00000182378_PAR_Y``): as
    the same name as the X copy it would be a duplicate, or replace it. Names that are no Ensembl
    ids (``RP11-34P13.7``) stay as they are.
    """
    found = _VERSIONED.fullmatch(gene)
    return found[1] + (found[2] or "") if found else gene


def read_coding_genes(path: str | Path) -> list[str]:
    """Ids, without version, of the protein-coding genes of a GTF or of all genes of a list.

    Parameters
    ----------
    path
        GTF (GENCODE's ``gene_type`` or Ensembl's ``gene_biotype``), or text with one id per line
        (first column counts). Plain or gzip.

    Raises
    ------
    UserError
        If there is no such gene, or one occurs twice in a list.
    """
    if not Path(path).is_file():
        raise UserError(f"{path} does not exist. Correct the path of the genes to keep.")
    with open_text(path) as text:
        rows = [line.rstrip("\r\n").split("\t") for line in text if not line.startswith("#")]
    rows = [row for row in rows if row[0].strip()]
    if rows and len(rows[0]) >= 9:
        genes = list(dict.fromkeys(_coding(rows)))
    else:
        genes = [drop_version(row[0].strip()) for row in rows]
    if not genes:
        raise UserError(f"{path} names no gene (in a GTF: none of type '{CODING}').")
    _require_unique(genes, str(path))
    return genes


def _coding(rows: list[list[str]]) -> list[str]:
    """Ids of the coding genes of a GTF's rows."""
    genes = []
    for row in rows:
        if len(row) < 9 or row[2] != "gene":
            continue
        kind, gene = _TYPE.search(row[8]), _ID.search(row[8])
        if kind and gene and kind[1] == CODING:
            genes.append(drop_version(gene[1]))
    return genes


def merge_duplicates(expression: Expression, *, how: str = "error") -> Expression:
    """Make genes unique, each in the place of its first row.

    Parameters
    ----------
    expression
        Genes may occur more than once.
    how
        ``error``: refuse; ``sum``: add their TPM (not their logarithms); ``largest``: keep the row
        with the largest mean.

    Raises
    ------
    UserError
        If a gene occurs twice and ``how`` is ``error``.
    """
    if how not in DUPLICATES:
        raise UserError(f"Unknown way '{how}' with duplicates. Known: {', '.join(DUPLICATES)}.")
    code, genes = pd.factorize(expression.genes)
    if len(genes) == len(code):
        return expression
    if how == "error":
        _require_unique(expression.genes, "the expression table")
    n_rows = np.bincount(code)
    logger.info("%d genes occur more than once: '%s' was taken", (n_rows > 1).sum(), how)
    first = np.unique(code, return_index=True)[1]
    values = expression.values[:, first]
    for gene in np.flatnonzero(n_rows > 1):
        rows = expression.values[:, code == gene]
        values[:, gene] = _sum(rows) if how == "sum" else rows[:, rows.mean(axis=0).argmax()]
    return replace(expression, values=values, genes=pd.Index(genes))


def _sum(rows: np.ndarray) -> np.ndarray:
    """log2(Σ TPM + 0.001) of columns in log2(TPM + 0.001)."""
    tpm = np.maximum(np.exp2(rows.astype(np.float64)) - OFFSET, 0)
    return np.log2(tpm.sum(axis=1) + OFFSET)


def align(
    expression: Expression, genes: Sequence[str], *, means: np.ndarray | None = None,
    max_missing: float = LARGEST_MISSING,
) -> Aligned:  # fmt: skip
    """Bring expression to the genes of a list, in its order.

    A gene that the table lacks gets its mean over the samples that the model was trained on, which
    is 0 after scaling with these samples' statistics. 0 would be no neutral value: a gene that is
    not expressed has -9.97 in log2(TPM + 0.001), and 0 stands for 1 TPM.

    Parameters
    ----------
    expression
        Genes unique.
    genes
        List, such as a model's genes, without version.
    means
        Training mean of each gene of the list, in the expression's scale; without them no gene may
        be missing.
    max_missing
        Largest share of the list that may be missing.

    Raises
    ------
    UserError
        If more is missing, or something is and there are no means.
    """
    _require_unique(genes, "the list of genes")
    _require_unique(expression.genes, "the expression table")
    place = expression.genes.get_indexer(pd.Index(genes))
    lost = np.flatnonzero(place < 0)
    _require_few([genes[i] for i in lost], len(genes), means, max_missing)
    values = expression.values[:, np.maximum(place, 0)]
    fill = np.asarray(means, np.float32)[lost] if len(lost) else np.zeros(0, np.float32)
    values[:, lost] = fill
    missing = pd.DataFrame({"gene": [genes[i] for i in lost], "filled_with": fill})
    if len(lost):
        logger.warning("%d of %d genes are missing: training means", len(lost), len(genes))
    found = replace(expression, values=values, genes=pd.Index(genes))
    check_order(found.genes, genes, where="the aligned table")
    return Aligned(found, missing, len(expression.genes) - len(genes) + len(lost))


def _require_few(
    lost: list[str], n_genes: int, means: np.ndarray | None, max_missing: float
) -> None:
    """Raise unless the missing genes are few and can be filled."""
    if means is not None and len(means) != n_genes:
        raise ContractError(f"There are {len(means)} training means for {n_genes} genes.")
    if not lost:
        return
    some = ", ".join(lost[:3])
    if len(lost) > max_missing * n_genes:
        raise UserError(
            f"{len(lost):,} of {n_genes:,} genes ({len(lost) / n_genes:.1%}) are not in the table, "
            f"such as {some}; at most {max_missing:.1%} may be missing. Is the table of the same "
            "annotation, and are its names Ensembl ids?"
        )
    if means is None:
        raise UserError(
            f"{len(lost):,} genes are not in the table, such as {some}, and no training means are "
            "known to fill them with. Take them off the list."
        )


def check_order(found: Sequence[str], expected: Sequence[str], *, where: str) -> None:
    """Compare names and order of genes.

    Parameters
    ----------
    found, expected
        Ids, both without version.
    where
        What holds ``found``, for the message.

    Raises
    ------
    ContractError
        At the first difference: both genes, the row (from 1), and where the expected one is.
    """
    found, expected = list(found), list(expected)
    for row, (gene, wanted) in enumerate(zip(found, expected, strict=False), start=1):
        if gene != wanted:
            place = f"in row {found.index(wanted) + 1}" if wanted in found else "not there"
            raise ContractError(
                f"Genes of {where} are not in the expected order: row {row} is {gene}, not "
                f"{wanted} (which is {place}). Bring it to the list with bulk.genes.align."
            )
    if len(found) != len(expected):
        raise ContractError(
            f"{where} has {len(found)} genes, the list {len(expected)}; the first "
            f"{min(len(found), len(expected))} agree."
        )


def _require_unique(genes: Collection[str], where: str) -> None:
    index = pd.Index(genes)
    if not index.is_unique:
        twice = index[index.duplicated()][0]
        rows = ", ".join(str(row + 1) for row in np.flatnonzero(index == twice))
        raise UserError(
            f"Gene '{twice}' occurs more than once in {where} (rows {rows}): say what to do with "
            f"duplicates ({', '.join(DUPLICATES[1:])}), or remove them."
        )
