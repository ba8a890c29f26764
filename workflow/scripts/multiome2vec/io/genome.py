"""Genome annotation as arrays: chromosome sizes of a FASTA, transcription start sites of a GTF."""

import gzip
import re
from pathlib import Path

import pandas as pd

from multiome2vec.errors import UserError

TSS_COLUMNS = ("chrom", "start", "end", "gene_name", "gene_id", "strand")
_ATTRIBUTE = re.compile(r'(\w+) "([^"]*)"')


def open_text(path: str | Path):
    """Open plain or gzip text."""
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path} does not exist. Correct the path of the assembly.")
    with open(path, "rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rt") if compressed else open(path)


def read_tss(path: str | Path) -> pd.DataFrame:
    """Transcription start sites of the genes in a GTF, 0-based, strand-aware.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`TSS_COLUMNS`; ``end`` = ``start`` + 1.

    Raises
    ------
    UserError
        If the file holds no gene rows.
    """
    table = read_genes(path)
    start = table["start"].where(table["strand"] != "-", table["end"] - 1)
    return table.assign(start=start, end=start + 1)


def read_genes(path: str | Path) -> pd.DataFrame:
    """Genes of a GTF with their bodies, 0-based, half-open.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`TSS_COLUMNS`.

    Raises
    ------
    UserError
        If the file holds no gene rows.
    """
    rows = []
    with open_text(path) as lines:
        for line in lines:
            values = line.rstrip("\n").split("\t")
            if line.startswith("#") or len(values) < 9 or values[2] != "gene":
                continue
            found = dict(_ATTRIBUTE.findall(values[8]))
            start, end, gene = int(values[3]) - 1, int(values[4]), found.get("gene_id", "")
            rows.append((values[0], start, end, found.get("gene_name", gene), gene, values[6]))
    if not rows:
        raise UserError(f"{path} has no rows of feature 'gene'. Is it a GTF?")
    return pd.DataFrame(rows, columns=list(TSS_COLUMNS))


def read_tss_bed(path: str | Path) -> pd.DataFrame:
    """Transcription start sites from a BED file of three to six columns (chrom, start, end, ...).

    An interval longer than 1 bp stands for its 5' end.
    """
    with open_text(path) as lines:
        rows = [
            line.rstrip("\n").split("\t")
            for line in lines
            if line.strip() and not line.startswith(("#", "track", "browser"))
        ]
    if not rows or len(rows[0]) < 3:
        raise UserError(f"{path} is not a BED file of transcription start sites.")
    wide = [(row + [""] * 6)[:6] for row in rows]
    table = pd.DataFrame(wide, columns=["chrom", "start", "end", "name", "id", "strand"])
    if not (table["start"].str.isdigit() & table["end"].str.isdigit()).all():
        raise UserError(f"{path}: start and end must be whole numbers, without a header line.")
    strand = table["strand"].where(table["strand"].isin(["+", "-"]), "+")
    start = table["start"].astype(int).where(strand == "+", table["end"].astype(int) - 1)
    return pd.DataFrame(
        {
            "chrom": table["chrom"], "start": start, "end": start + 1,
            "gene_name": table["name"], "gene_id": table["id"], "strand": strand,
        }
    )  # fmt: skip
