"""Check the fragments of one sample, give them an index and count their barcodes."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pysam

from multiome2vec import keys
from multiome2vec.io.atomic import atomic_path, write_tsv
from multiome2vec.io.barcode_choice import choose
from multiome2vec.io.chromosome_names import read_chromosome_names
from multiome2vec.io.fragment_change import Change
from multiome2vec.io.fragments import Census, blocks, check_chromosomes, is_bgzf, scan
from multiome2vec.io.regions import read_chrom_sizes

logger = logging.getLogger(__name__)


def ingest_fragments(
    *,
    source: str,
    out: str,
    index: str,
    census: str,
    chrom_sizes: str | None,
    barcodes: str = "",
    chromosome_names: str | None = None,
) -> None:
    """Make sound, bgzip-compressed, indexed fragments and a census of their barcodes.

    A source that is sound bgzip already is linked, not copied, unless it holds other samples as
    well or its chromosomes are to be renamed.

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
    barcodes
        ``fragments_barcodes`` of the sample sheet.
    chromosome_names
        Table of translations, where the assembly has one.

    Raises
    ------
    UserError
        See :func:`multiome2vec.io.fragments.scan`.
    """
    names = read_chromosome_names(chromosome_names)
    change = Change(barcodes, names)
    with atomic_path(out) as partial:
        if Path(source).is_file() and is_bgzf(source) and not barcodes:
            found = _scan_and_link(source, partial, change)
        else:
            logger.info("%s is compressed anew as bgzip", source)
            found = _scan_and_compress(source, partial, change)
        if chrom_sizes:
            theirs = (names.get(name, name) for name in found.chromosomes)
            check_chromosomes(theirs, read_chrom_sizes(chrom_sizes).index, path=source)
        mine = choose(pd.Index(found.barcodes), barcodes, path=source)
    with atomic_path(index) as partial:
        pysam.tabix_index(str(out), preset="bed", index=str(partial), force=True)
    counts = pd.Series(found.barcodes, name="n_fragments")
    left_out = counts.sum() - counts[mine].sum(), len(counts) - len(mine)
    counts = counts[mine].sort_index()
    logger.info("%s: %d fragments of %d barcodes", source, counts.sum(), len(counts))
    if barcodes:
        logger.info("left out, of other samples: %d fragments of %d barcodes", *left_out)
    write_tsv(counts.rename_axis(keys.BARCODE).to_frame(), census)


def _scan_and_link(source: str, out: Path, change: Change) -> Census:
    """Check sound bgzip and link it; write it anew if it lacks counts or is to be changed."""
    found = scan(source, blocks(source))
    if change.concerns(found) or found.n_columns < 5:
        _write_changed(source, out, change, found)
    else:
        out.symlink_to(os.path.relpath(source, out.parent))
    return found


def _write_changed(source: str, out: Path, change: Change, found: Census) -> None:
    parts = map(change, blocks(source))
    if found.n_columns < 5:
        logger.info("%s has no counts: every fragment gets 1", source)
        parts = _with_counts(parts)
    _compress(parts, out)


def _scan_and_compress(source: str, out: Path, change: Change) -> Census:
    """Check and compress in one pass; a second one only if counts have to be added."""
    with pysam.BGZFile(str(out), "w") as compressed:
        found = scan(source, _tee(blocks(source), compressed, change))
    if found.n_columns < 5:
        _write_changed(source, out, change, found)
    return found


def _tee(parts: Iterator[bytes], file: pysam.BGZFile, change: Change) -> Iterator[bytes]:
    """Write changed blocks while the original ones pass by, to be checked."""
    for part in parts:
        file.write(change(part))
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
