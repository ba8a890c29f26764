"""Check the fragments of one sample, give them an index and count their barcodes."""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd
import pysam

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.atomic import atomic_path, write_tsv
from multiome2vec.io.fragment_sort import sort_fragments
from multiome2vec.io.fragments import (
    Census,
    blocks,
    check_chromosomes,
    check_ends,
    is_bgzf,
    scan,
    tidy,
    without_blanks,
)
from multiome2vec.io.files import is_gzip, require_file
from multiome2vec.io.regions import read_chrom_sizes

logger = logging.getLogger(__name__)

INFLATED = 6  # bytes of text per byte of compressed fragments, at most


def ingest_fragments(
    *, source: str, out: str, index: str, census: str, chrom_sizes: str | None
) -> None:
    """Make sound, sorted, bgzip-compressed, indexed fragments and a census of their barcodes.

    A source that is all this already is linked, not copied. What has to be changed is logged.

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
        See :func:`multiome2vec.io.fragments.scan`; or if the chromosomes are those of another
        assembly, or there is no room to sort.
    """
    sizes = read_chrom_sizes(chrom_sizes) if chrom_sizes else pd.Series(dtype=int)
    with atomic_path(out) as partial:
        found = _take(source, partial, Path(out).parent)
        if len(sizes):
            check_chromosomes(found, sizes.index, path=source)
            check_ends(found, sizes.to_dict(), path=source)
        if found.disorder:
            _sort(source, partial, found, order=list(sizes.index))
    with atomic_path(index) as partial:
        pysam.tabix_index(str(out), preset="bed", index=str(partial), force=True)
    counts = pd.Series(found.barcodes, name="n_fragments").sort_index()
    logger.info("%s: %d fragments of %d barcodes", source, counts.sum(), len(counts))
    write_tsv(counts.rename_axis(keys.BARCODE).to_frame(), census)


def _take(source: str, out: Path, folder: Path) -> Census:
    """Check the fragments, and link them or write them anew; not if they have to be sorted."""
    compressed = is_bgzf(require_file(source))
    if compressed:
        found = scan(source, blocks(source))
    else:
        logger.info("%s is not bgzip: it is compressed anew", source)
        with pysam.BGZFile(str(out), "w") as file:
            found = scan(source, _tee(blocks(source), file))
    if found.oddities:
        logger.warning("%s has %s: they are taken out.", source, " and ".join(found.oddities))
    if found.n_columns < 5:
        logger.warning("%s has no counts: every fragment gets 1.", source)
    if found.disorder:
        return found
    if found.oddities or found.n_columns < 5:
        _compress(_with_counts(without_blanks(tidy(blocks(source), []))), out)
    elif compressed:
        out.symlink_to(os.path.relpath(source, folder))
    return found


def _sort(source: str, out: Path, found: Census, *, order: list[str]) -> None:
    """Write the fragments in order.

    Raises
    ------
    UserError
        If the disk has no room for their text.
    """
    needed = Path(source).stat().st_size * (INFLATED if is_gzip(source) else 1)
    free = shutil.disk_usage(out.parent).free
    logger.warning(
        "%s is not sorted (%s): it is sorted, with up to %.1f GB of temporary files beside %s.",
        source, found.disorder, needed / 1e9, out.parent,
    )  # fmt: skip
    if free < needed:
        raise UserError(
            f"{source} is not sorted ({found.disorder}), and sorting it may take "
            f"{needed / 1e9:.1f} GB where {out.parent} has {free / 1e9:.1f} GB left.",
            remedy=f"Make room, or sort it elsewhere: zcat {Path(source).name} | grep -v '^#' | "
            "sort -k1,1 -k2,2n | bgzip > sorted.tsv.gz",
        )
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".sort-") as scratch:
        parts = tidy(blocks(source), [])
        _compress(sort_fragments(parts, scratch=Path(scratch), order=order), out)


def _tee(parts: Iterator[bytes], file: pysam.BGZFile) -> Iterator[bytes]:
    for part in parts:
        file.write(part)
        yield part


def _compress(parts: Iterable[bytes], out: Path) -> None:
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
