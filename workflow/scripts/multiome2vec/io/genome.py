"""Files of a genome: plain or gzip text, titles of a FASTA, BED of transcription start sites."""

import gzip
from pathlib import Path

import pandas as pd

from multiome2vec.errors import UserError
from multiome2vec.io.files import is_gzip, require_file

TSS_COLUMNS = ("chrom", "start", "end", "gene_name", "gene_id", "strand")


def open_text(path: str | Path):
    """Open plain or gzip text."""
    path = require_file(path, named_in="the assembly of your config")
    return gzip.open(path, "rt") if is_gzip(path) else open(path)


def read_titles(path: str | Path) -> dict[str, str]:
    """Names of the sequences in a FASTA, with what follows each in its header."""
    with open_text(path) as lines:
        headers = [line[1:].split(maxsplit=1) for line in lines if line.startswith(">")]
    return {words[0]: " ".join(words[1:]).strip() for words in headers if words}


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


def read_genes_bed(path: str | Path) -> pd.DataFrame:
    """Genes or start sites as ``genes.bed`` and ``tss.bed`` of an assembly have them."""
    text = dict.fromkeys(("chrom", "gene_name", "gene_id", "strand"), str)
    columns = list(TSS_COLUMNS)
    return pd.read_csv(path, sep="\t", header=None, names=columns, dtype=text, na_filter=False)
