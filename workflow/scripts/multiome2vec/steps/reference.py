"""Bring the reference of an assembly into one place and one form."""

import gzip
import logging
import re
import shutil
import zlib
from collections.abc import Mapping
from typing import BinaryIO

import pandas as pd

from multiome2vec.errors import UserError
from multiome2vec.io.annotation import merge_loci, read_genes, read_tss
from multiome2vec.io.atomic import atomic_path, write_tsv
from multiome2vec.io.chromosome_names import read_chromosome_names, require_known, translate
from multiome2vec.io.chromosomes import KIND, describe, kinds_of
from multiome2vec.io.genome import TSS_COLUMNS, read_genes_bed, read_tss_bed
from multiome2vec.io.regions import read_bed, read_chrom_sizes

logger = logging.getLogger(__name__)
BLOCK = 1 << 24  # bytes copied at once
PROMOTER = 500  # bp on either side of a start site
LONGEST_TITLE = 4096  # bytes of a FASTA header looked at
_HEADER = re.compile(rb"^>([^\s]+)", re.MULTILINE)


def genome(*, fasta: str, out: str, index: str, chromosome_names: str | None = None) -> None:
    """Copy the sequence, uncompressed, and index it (samtools faidx format).

    Parameters
    ----------
    fasta
        Plain, gzip or bgzip.
    chromosome_names
        Table of translations (:func:`multiome2vec.io.chromosome_names.read_chromosome_names`).

    Raises
    ------
    UserError
        If the file is no FASTA, is cut short, has two sequences of one name, or has lines of
        different length in one sequence.
    """
    from pyfaidx import Faidx, FastaIndexingError

    names = read_chromosome_names(chromosome_names)
    with open(fasta, "rb") as raw:
        opener = gzip.open if raw.read(2) == b"\x1f\x8b" else open
    with atomic_path(out) as sequence, atomic_path(index) as partial:
        try:
            with opener(fasta, "rb") as source, open(sequence, "wb") as copy:
                _copy(source, copy, names, path=fasta)
            Faidx(str(sequence), indexname=str(partial)).close()
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise UserError(f"{fasta} is cut short: download it again.") from None
        except FastaIndexingError as error:
            raise UserError(
                f"{fasta} cannot be indexed ({error}). Lines of a sequence must be equally long: "
                "rewrite it, for example with 'seqtk seq -l 60'."
            ) from None
        except ValueError as error:  # pyfaidx: a name that occurs twice
            raise UserError(
                f"{fasta} has two sequences of one name ({error}), or chromosome_names gives two "
                "the same. Names must be unique."
            ) from None


def _copy(source: BinaryIO, copy: BinaryIO, names: Mapping[str, str], *, path: str) -> None:
    """Copy a FASTA with its sequences renamed."""
    first = source.read(1)
    if first != b">":
        raise UserError(f"{path} does not begin with '>': it is not FASTA.")
    if not names:
        copy.write(first)
        shutil.copyfileobj(source, copy, BLOCK)
        return
    table = {old.encode(): new.encode() for old, new in names.items()}

    def renamed(found: re.Match[bytes]) -> bytes:
        return b">" + table.get(found[1], found[1])

    rest = first
    while block := source.read(BLOCK):
        lines, newline, rest = (rest + block).rpartition(b"\n")
        copy.write(_HEADER.sub(renamed, lines + newline))
    copy.write(_HEADER.sub(renamed, rest))


def chrom_sizes(*, source: str, out: str, chromosome_names: str | None = None) -> None:
    """Write name and length of every chromosome, from a .fai or a table of two columns.

    Raises
    ------
    UserError
        If a length is not a positive whole number.
    """
    table = pd.read_csv(source, sep="\t", header=None, dtype=str, comment="#").iloc[:, :2]
    if table.shape[1] < 2 or not table[1].str.fullmatch(r"[1-9]\d*").all():
        raise UserError(f"{source} does not hold two columns, chromosome and length in bp.")
    table[0] = translate(table[0], read_chromosome_names(chromosome_names))
    twice = table.loc[table[0].duplicated(), 0]
    if len(twice):
        raise UserError(f"{source}: {twice.iloc[0]} occurs twice. Names must be unique.")
    with atomic_path(out) as partial:
        table.to_csv(partial, sep="\t", header=False, index=False)


def chromosomes(
    *,
    chrom_sizes: str,
    genome: str | None,
    out: str,
    pattern: str | None,
    mitochondrion: str | None,
) -> None:
    """Write chrom, size, known (bases that are not N) and kind of every sequence.

    Parameters
    ----------
    chrom_sizes, genome
        ``chrom.sizes``, and ``genome.fa`` with its index beside it where there is a sequence.
    pattern, mitochondrion
        ``standard_chromosomes`` and ``mitochondrion`` of the assembly; None to derive them
        (:func:`multiome2vec.io.chromosomes.kinds_of`).
    """
    sizes = read_chrom_sizes(chrom_sizes)
    known, titles = (_known_bases(genome), _titles(genome)) if genome else (sizes, {})
    kinds = kinds_of(sizes, pattern=pattern, mitochondrion=mitochondrion, titles=titles)
    derived = [
        key
        for key, value in (("standard_chromosomes", pattern), ("mitochondrion", mitochondrion))
        if value is None
    ]
    logger.info("%s%s", describe(kinds), f"; derived: {', '.join(derived)}" if derived else "")
    if not genome:
        logger.warning("No genome sequence: lengths stand for the bases that are not N")
    table = pd.DataFrame({"size": sizes, "known": known, KIND: kinds})
    write_tsv(table.rename_axis("chrom"), out)


def _known_bases(genome: str) -> pd.Series:
    """Bases of every sequence that are not N."""
    import pysam

    with pysam.FastaFile(genome) as fasta:
        known = {}
        for name in fasta.references:
            bases = fasta.fetch(name)
            known[name] = len(bases) - bases.count("N") - bases.count("n")
    return pd.Series(known)


def _titles(genome: str) -> dict[str, str]:
    """Read what follows the name of every sequence in its header."""
    index = pd.read_csv(f"{genome}.fai", sep="\t", header=None, dtype={0: str})
    titles = {}
    with open(genome, "rb") as file:
        for name, offset in zip(index[0], index[2], strict=True):
            file.seek(max(0, offset - LONGEST_TITLE))
            before = b"\n" + file.read(min(offset, LONGEST_TITLE))
            header = before[before.rfind(b"\n>") + 2 :].decode(errors="replace")
            titles[name] = header.partition(" ")[2].strip()
    return titles


def tss(
    *, source: str, kind: str, chrom_sizes: str, out: str, chromosome_names: str | None = None
) -> None:
    """Write the transcription start sites on the assembly's chromosomes.

    Parameters
    ----------
    source
        GTF or GFF3 (``kind`` "gtf") or BED (``kind`` "bed").
    chromosome_names
        Table of translations.
    """
    table = read_tss(source) if kind == "gtf" else read_tss_bed(source)
    _write_on_chromosomes(table, source, chrom_sizes, out, chromosome_names)


def promoters(*, tss: str, chrom_sizes: str, out: str) -> None:
    """Write what lies within 500 bp of a start site of ``tss.bed``, gene by gene, as BED."""
    sites = read_genes_bed(tss)
    sizes = read_chrom_sizes(chrom_sizes)
    start = (sites["start"] - PROMOTER).clip(lower=0)
    end = (sites["end"] + PROMOTER).clip(upper=sites["chrom"].map(sizes))
    with atomic_path(out) as partial:
        table = sites.assign(start=start, end=end).sort_values(["chrom", "start"], kind="stable")
        table.to_csv(partial, sep="\t", header=False, index=False)


def genes(
    *, source: str, kind: str, chrom_sizes: str, out: str, chromosome_names: str | None = None
) -> None:
    """Write the genes on the assembly's chromosomes, one row each.

    Parameters
    ----------
    source
        GTF or GFF3 (``kind`` "gtf"), or BED of transcription start sites (``kind`` "bed"): then
        start sites of one name and strand, at most 100 kb from the next, are a gene from the first
        to the last.
    chromosome_names
        Table of translations.
    """
    table = read_genes(source) if kind == "gtf" else _genes_of_start_sites(source)
    _write_on_chromosomes(table, source, chrom_sizes, out, chromosome_names)


def _genes_of_start_sites(source: str) -> pd.DataFrame:
    table = read_tss_bed(source)
    table = table[table["gene_name"] != ""]
    if table.empty:
        raise UserError(f"{source} names no gene in its fourth column: give a GTF instead.")
    once = merge_loci(table, by="gene_name")
    return once.assign(gene_id=once["gene_name"])[list(TSS_COLUMNS)]


def blacklist(
    *, source: str, chrom_sizes: str, out: str, chromosome_names: str | None = None
) -> None:
    """Write the blacklist, sorted, on the assembly's chromosomes."""
    _write_on_chromosomes(read_bed(source), source, chrom_sizes, out, chromosome_names)


def _write_on_chromosomes(
    table: pd.DataFrame, source: str, chrom_sizes: str, out: str, chromosome_names: str | None
) -> None:
    """Write the rows on known chromosomes, sorted.

    Raises
    ------
    UserError
        If there are none, a chromosome has another spelling than in the assembly, or a row begins
        beyond the end of its chromosome.
    """
    sizes = read_chrom_sizes(chrom_sizes)
    table = table.assign(chrom=translate(table["chrom"], read_chromosome_names(chromosome_names)))
    foreign = require_known(table["chrom"], sizes.index, path=source)
    known = table["chrom"].isin(sizes.index)
    if foreign:
        logger.info(
            "%s: %d rows on %d sequences that the assembly lacks (%s, ...) left out",
            *(source, (~known).sum(), len(foreign), ", ".join(foreign[:3])),
        )
    table = table[known].sort_values(["chrom", "start"], kind="stable")
    beyond = table[table["start"] >= table["chrom"].map(sizes)]
    if len(beyond):
        row = beyond.iloc[0]
        raise UserError(
            f"{source}: {row['chrom']}:{row['start']}-{row['end']} lies beyond the chromosome's "
            f"{sizes[row['chrom']]} bp in the assembly (as do {len(beyond) - 1} other rows). It is "
            "of another build of the genome: take the one that belongs to the sequence."
        )
    with atomic_path(out) as partial:
        table.to_csv(partial, sep="\t", header=False, index=False)
