"""Genes of an annotation: GTF or GFF3 as Ensembl, GENCODE, NCBI RefSeq and UCSC write them.

Where a file has no rows of genes, genes are put together from transcripts, or these from exons.
Identifiers stay as they are, version suffixes included.
"""

import gzip
import logging
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import pandas as pd

from multiome2vec.errors import UserError
from multiome2vec.io.genome import TSS_COLUMNS, open_text

LARGEST_GAP = 100_000  # bp between transcripts (or start sites) of one gene
_GTF = re.compile(r'([\w.:-]+)\s+(?:"([^"]*)"|([^\s;"]+))\s*(?:;|$)')
_GFF3 = re.compile(r"\s*[\w.:-]+=")
_ID_PREFIX = re.compile(r"^(gene|transcript|rna|mrna)[:-]", re.IGNORECASE)
_GENE = re.compile(r"(.+_)?gene|pseudogene", re.IGNORECASE)
_TRANSCRIPT = re.compile(r"(.+_)?transcript|.*RNA", re.IGNORECASE)
_EXON = re.compile("exon|CDS", re.IGNORECASE)
_LEVELS = {"gene": _GENE, "transcript": _TRANSCRIPT, "exon": _EXON}
#: attributes that name a gene and identify it, the best first
_NAMES = ("gene_name", "gene", "gene_symbol", "Name")
_IDS = ("gene_id", "ID", "geneID", "gene")
#: of the gene that a transcript or an exon belongs to
_PARENT_NAMES = ("gene_name", "gene", "gene_symbol")
_PARENT_IDS = ("gene_id", "geneID", "gene", "Parent", "transcript_id", "ID")

logger = logging.getLogger(__name__)


class Feature(NamedTuple):
    """A row: place (0-based, half-open) and attributes."""

    kind: str
    chrom: str
    start: int
    end: int
    strand: str
    attributes: str
    line: int


def read_genes(path: str | Path) -> pd.DataFrame:
    """Genes with their bodies, 0-based, half-open.

    Returns
    -------
    pandas.DataFrame
        Columns ``TSS_COLUMNS``; ``gene_name`` is the identifier where there is no name. A gene
        without a strand counts as on the plus strand.

    Raises
    ------
    UserError
        If a row is no GTF or GFF3, or there is nothing to make genes from.
    """
    level, rows = _first_with_rows(path)
    table = pd.DataFrame(rows, columns=list(TSS_COLUMNS))
    if level != "gene":
        table = merge_loci(table, by="gene_id")
        logger.info("%s has no rows of genes: %d are made of its %ss", path, len(table), level)
    unnamed = (table["gene_name"] == table["gene_id"]).sum()
    unstranded = ~table["strand"].isin(["+", "-"])
    logger.info(
        "%s: %d genes, %d without a name of their own, %d without a strand",
        *(path, len(table), unnamed, unstranded.sum()),
    )
    table.loc[unstranded, "strand"] = "+"
    return table


def _first_with_rows(path: str | Path) -> tuple[str, list[tuple]]:
    """Rows of genes; of transcripts, or of exons, where there are none."""
    for level, kinds in _LEVELS.items():
        rows = [_gene(feature, path) for feature in _features(path, kinds)]
        if rows:
            return level, rows
    raise UserError(
        f"{path} has no rows of feature 'gene', 'transcript' or 'exon'. Is it a GTF or GFF3?"
    )


def read_tss(path: str | Path) -> pd.DataFrame:
    """Transcription start sites of the genes of an annotation, 0-based, strand-aware.

    Returns
    -------
    pandas.DataFrame
        Columns ``TSS_COLUMNS``; ``end`` = ``start`` + 1.
    """
    table = read_genes(path)
    start = table["start"].where(table["strand"] != "-", table["end"] - 1)
    return table.assign(start=start, end=start + 1)


def merge_loci(table: pd.DataFrame, *, by: str) -> pd.DataFrame:
    """Merge rows of one gene and strand that are at most 100 kb apart to one row.

    Further apart, they are genes of the same name (copies, pseudoautosomal regions).

    Parameters
    ----------
    table
        Columns ``TSS_COLUMNS``.
    by
        Column that says which rows are of one gene.
    """
    same = ["chrom", by, "strand"]
    table = table.sort_values([*same, "start"], kind="stable")
    reach = table.groupby(same)["end"].cummax().groupby([table[key] for key in same]).shift()
    new = reach.isna() | (table["start"] - reach > LARGEST_GAP)
    how = dict.fromkeys(TSS_COLUMNS, "first") | {"start": "min", "end": "max"}
    return table.groupby(new.cumsum().to_numpy()).agg(how).reset_index(drop=True)


def _features(path: str | Path, kinds: re.Pattern[str]) -> Iterator[Feature]:
    """Rows of some kinds of features."""
    try:
        with open_text(path) as lines:
            for number, line in enumerate(lines, start=1):
                if line.startswith((">", "##FASTA")):
                    return
                if line.startswith("#") or not line.strip():
                    continue
                values = line.rstrip("\r\n").split("\t")
                if len(values) < 9:
                    raise UserError(
                        f"{path}, line {number}: '{line.strip()[:60]}' has {len(values)} columns "
                        "separated by tabs; GTF and GFF3 have nine."
                    )
                if kinds.fullmatch(values[2]):
                    yield _feature(values, path, number)
    except (EOFError, zlib.error, gzip.BadGzipFile, UnicodeDecodeError) as error:
        raise UserError(f"{path} is cut short or no text ({error}): fetch it again.") from None


def _feature(values: list[str], path: str | Path, number: int) -> Feature:
    try:
        start, end = int(values[3]) - 1, int(values[4])
    except ValueError:
        start, end = 0, 0
    if not 0 <= start < end:
        raise UserError(
            f"{path}, line {number}: start '{values[3]}' and end '{values[4]}' are not whole "
            "numbers with 1 <= start <= end."
        )
    return Feature(values[2], values[0], start, end, values[6], values[8], number)


def _gene(feature: Feature, path: str | Path) -> tuple:
    found = _attributes(feature.attributes)
    whole = _GENE.fullmatch(feature.kind)
    ids, names = (_IDS, _NAMES) if whole else (_PARENT_IDS, _PARENT_NAMES)
    identifier = _ID_PREFIX.sub("", next((found[key] for key in ids if found.get(key)), ""))
    if not identifier:
        raise UserError(
            f"{path}, line {feature.line}: the {feature.kind} has no gene_id (GTF) or ID (GFF3): "
            f"'{feature.attributes[:60]}'."
        )
    name = next((found[key] for key in names if found.get(key)), identifier)
    return (feature.chrom, feature.start, feature.end, name, identifier, feature.strand)


def _attributes(text: str) -> dict[str, str]:
    """Attributes of a row; of repeated keys the first."""
    if _GFF3.match(text):
        pairs = (part.partition("=") for part in text.split(";"))
        pairs = ((key.strip(), unquote(value.strip())) for key, _, value in pairs)
    else:
        pairs = ((key, quoted or bare) for key, quoted, bare in _GTF.findall(text))
    found: dict[str, str] = {}
    for key, value in pairs:
        found.setdefault(key, value)
    return found
