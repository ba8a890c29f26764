"""Bring the reference of an assembly into one place and one form."""

import gzip
import logging
import shutil

import pandas as pd

from multiome2vec.errors import UserError
from multiome2vec.io.atomic import atomic_path
from multiome2vec.io.genome import TSS_COLUMNS, open_text, read_genes, read_tss, read_tss_bed
from multiome2vec.io.regions import read_bed, read_chrom_sizes

logger = logging.getLogger(__name__)
LARGEST_GAP = 100_000  # bp between start sites of one gene


def genome(*, fasta: str, out: str, index: str) -> None:
    """Copy the sequence, uncompressed, and index it (samtools faidx format).

    Raises
    ------
    UserError
        If the file is no FASTA, is cut short, or has lines of different length in one sequence.
    """
    from pyfaidx import Faidx, FastaIndexingError

    with open_text(fasta) as text:
        if text.read(1) != ">":
            raise UserError(f"{fasta} does not begin with '>': it is not FASTA.")
    opener = gzip.open if _is_gzip(fasta) else open
    with atomic_path(out) as sequence, atomic_path(index) as partial:
        try:
            with opener(fasta, "rb") as source, open(sequence, "wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 24)
            Faidx(str(sequence), indexname=str(partial)).close()
        except EOFError:
            raise UserError(f"{fasta} is cut short: download it again.") from None
        except FastaIndexingError as error:
            raise UserError(
                f"{fasta} cannot be indexed ({error}). Lines of a sequence must be equally long: "
                "rewrite it, for example with 'seqtk seq -l 60'."
            ) from None


def _is_gzip(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(2) == b"\x1f\x8b"


def chrom_sizes(*, source: str, out: str) -> None:
    """Write name and length of every chromosome, from a .fai or a table of two columns.

    Raises
    ------
    UserError
        If a length is not a positive whole number.
    """
    table = pd.read_csv(source, sep="\t", header=None, dtype=str, comment="#").iloc[:, :2]
    if table.shape[1] < 2 or not table[1].str.fullmatch(r"[1-9]\d*").all():
        raise UserError(f"{source} does not hold two columns, chromosome and length in bp.")
    with atomic_path(out) as partial:
        table.to_csv(partial, sep="\t", header=False, index=False)


def tss(*, source: str, kind: str, chrom_sizes: str, out: str) -> None:
    """Write the transcription start sites on the assembly's chromosomes.

    Parameters
    ----------
    source
        GTF (``kind`` "gtf") or BED (``kind`` "bed").
    """
    table = read_tss(source) if kind == "gtf" else read_tss_bed(source)
    sizes = read_chrom_sizes(chrom_sizes)
    table = _on_chromosomes(table, sizes, source)
    with atomic_path(out) as partial:
        table.to_csv(partial, sep="\t", header=False, index=False)


def genes(*, source: str, kind: str, chrom_sizes: str, out: str) -> None:
    """Write the genes on the assembly's chromosomes, one row each.

    Parameters
    ----------
    source
        GTF (``kind`` "gtf"), or BED of transcription start sites (``kind`` "bed"): then start sites
        of one name and strand, at most 100 kb from the next, are a gene from the first to the last.
    """
    table = read_genes(source) if kind == "gtf" else _genes_of_start_sites(source)
    table = _on_chromosomes(table, read_chrom_sizes(chrom_sizes), source)
    with atomic_path(out) as partial:
        table.to_csv(partial, sep="\t", header=False, index=False)


def _genes_of_start_sites(source: str) -> pd.DataFrame:
    table = read_tss_bed(source)
    table = table[table["gene_name"] != ""]
    if table.empty:
        raise UserError(f"{source} names no gene in its fourth column: give a GTF instead.")
    same = ["chrom", "gene_name", "strand"]
    table = table.sort_values([*same, "start"], kind="stable")
    gap = table.groupby(same)["start"].diff()
    number = (gap.isna() | (gap > LARGEST_GAP)).cumsum().rename("gene")
    once = table.groupby(number).agg(
        {"chrom": "first", "start": "min", "end": "max", "gene_name": "first", "strand": "first"}
    )
    return once.assign(gene_id=once["gene_name"])[list(TSS_COLUMNS)]


def blacklist(*, source: str, chrom_sizes: str, out: str) -> None:
    """Write the blacklist, sorted, on the assembly's chromosomes."""
    table = _on_chromosomes(read_bed(source), read_chrom_sizes(chrom_sizes), source)
    with atomic_path(out) as partial:
        table.to_csv(partial, sep="\t", header=False, index=False)


def _on_chromosomes(table: pd.DataFrame, sizes: pd.Series, source: str) -> pd.DataFrame:
    """Rows on known chromosomes, sorted; an error if there are none."""
    known = table["chrom"].isin(sizes.index)
    if not known.any():
        theirs = ", ".join(table["chrom"].unique()[:3])
        raise UserError(
            f"{source}: none of its chromosomes ({theirs}, ...) is in the assembly "
            f"({', '.join(sizes.index[:3])}, ...). Use files of one source, or rename them."
        )
    if not known.all():
        logger.info("%s: %d rows on other chromosomes left out", source, (~known).sum())
    return table[known].sort_values(["chrom", "start"], kind="stable")
