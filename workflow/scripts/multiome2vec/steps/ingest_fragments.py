"""Check the fragments of one sample, give them an index and count their barcodes."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pysam

from multiome2vec import keys
from multiome2vec.io.atomic import atomic_path, write_tsv
from multiome2vec.io.fragments import Census, blocks, check_chromosomes, is_bgzf, scan
from multiome2vec.io.regions import read_chrom_sizes

logger = logging.getLogger(__name__)


def ingest_fragments(
    *, source: str, out: str, index: str, census: str, chrom_sizes: str | None
) -> None:
    """Make sound, bgzip-compressed, indexed fragments and a census of their barcodes.

    A source that is sound bgzip already is linked, not copied.

    Parameters
    ----------
    source
        Fragments of the sample sheet.
    out, index
        ``fragments.tsv.gz`` and its ``.tbi``.
    census
        Table of barcode and number of fragments (rows), sorted by barcode.
    chrom_sizes
        Chromosomes of the assembly, where there is one.

    Raises
    ------
    UserError
        See :func:`multiome2vec.io.fragments.scan`.
    """
    with atomic_path(out) as partial:
        if Path(source).is_file() and is_bgzf(source):
            found = scan(source, blocks(source))
            if found.n_columns == 5:
                partial.symlink_to(os.path.relpath(source, Path(out).parent))
            else:
                logger.info("%s has no counts: every fragment gets 1", source)
                _compress(_with_counts(blocks(source)), partial)
        else:
            logger.info("%s is not bgzip: it is compressed anew", source)
            found = _scan_and_compress(source, partial)
    if chrom_sizes:
        check_chromosomes(found, read_chrom_sizes(chrom_sizes).index, path=source)
    with atomic_path(index) as partial:
        pysam.tabix_index(str(out), preset="bed", index=str(partial), force=True)
    counts = pd.Series(found.barcodes, name="n_fragments").sort_index()
    logger.info("%s: %d fragments of %d barcodes", source, counts.sum(), len(counts))
    write_tsv(counts.rename_axis(keys.BARCODE).to_frame(), census)


def _scan_and_compress(source: str, out: Path) -> Census:
    """Check and compress in one pass; a second one only if counts have to be added."""
    with pysam.BGZFile(str(out), "w") as compressed:
        found = scan(source, _tee(blocks(source), compressed))
    if found.n_columns < 5:
        logger.info("%s has no counts: every fragment gets 1", source)
        _compress(_with_counts(blocks(source)), out)
    return found


def _tee(parts: Iterator[bytes], file: pysam.BGZFile) -> Iterator[bytes]:
    for part in parts:
        file.write(part)
        yield part


def _compress(parts: Iterator[bytes], out: Path) -> None:
    with pysam.BGZFile(str(out), "w") as compressed:
        for part in parts:
            compressed.write(part)


def _with_counts(parts: Iterator[bytes]) -> Iterator[bytes]:
    """Add a column of ones to rows of four."""
    for part in parts:
        lines = part.decode().splitlines()
        yield "".join(
            f"{line}\n" if line.startswith("#") or line.count("\t") > 3 else f"{line}\t1\n"
            for line in lines
        ).encode()
