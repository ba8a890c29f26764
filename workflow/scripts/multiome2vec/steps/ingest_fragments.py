"""Check the fragments of one sample, give them an index and count their barcodes."""

import logging
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd
import pysam

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.atomic import atomic_path, scratch_folder, write_tsv
from multiome2vec.io.barcode_choice import choose
from multiome2vec.io.chromosome_names import read_chromosome_names
from multiome2vec.io.files import is_gzip, require_file
from multiome2vec.io.fragment_change import Change
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
from multiome2vec.io.regions import read_chrom_sizes

logger = logging.getLogger(__name__)

INFLATED = 6  # bytes of text per byte of compressed fragments, at most


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
    """Make sound, sorted, bgzip-compressed, indexed fragments and a census of their barcodes.

    A source that is all this already is linked, not copied, unless it holds other samples as well
    or its chromosomes are to be renamed. What has to be changed is logged.

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
        See :func:`multiome2vec.io.fragments.scan`; or if the chromosomes are those of another
        assembly, or there is no room to sort.
    """
    names = read_chromosome_names(chromosome_names)
    sizes = read_chrom_sizes(chrom_sizes) if chrom_sizes else pd.Series(dtype=int)
    compressed = is_bgzf(require_file(source))
    found = scan(source, blocks(source))
    if len(sizes):
        ends = {names.get(name, name): end for name, end in found.ends.items()}
        check_chromosomes(ends, sizes.index, path=source)
        check_ends(ends, sizes.to_dict(), path=source)
    mine = choose(pd.Index(found.barcodes), barcodes, path=source)
    change = Change(barcodes, names)
    with atomic_path(out) as partial:
        if _tell(source, found, compressed=compressed) or change.concerns(found):
            _write(source, partial, found, change, order=list(sizes.index))
        else:
            partial.symlink_to(os.path.relpath(source, Path(out).parent))
    with atomic_path(index) as partial:
        pysam.tabix_index(str(out), preset="bed", index=str(partial), force=True)
    counts = pd.Series(found.barcodes, name="n_fragments")
    left_out = counts.sum() - counts[mine].sum(), len(counts) - len(mine)
    counts = counts[mine].sort_index()
    logger.info("%s: %d fragments of %d barcodes", source, counts.sum(), len(counts))
    if barcodes:
        logger.info("left out, of other samples: %d fragments of %d barcodes", *left_out)
    write_tsv(counts.rename_axis(keys.BARCODE).to_frame(), census)


def _tell(source: str, found: Census, *, compressed: bool) -> bool:
    """Log what has to be changed; whether anything has."""
    if not compressed:
        logger.info("%s is not bgzip: it is compressed anew", source)
    if found.oddities:
        logger.warning("%s has %s: they are taken out.", source, " and ".join(found.oddities))
    if found.n_columns < 5:
        logger.warning("%s has no counts: every fragment gets 1.", source)
    return not compressed or bool(found.oddities or found.disorder) or found.n_columns < 5


def _write(source: str, out: Path, found: Census, change: Change, *, order: list[str]) -> None:
    """Write the fragments anew, as they ought to be."""
    parts = map(change, without_blanks(tidy(blocks(source), [])))
    if not found.disorder:
        _compress(_with_counts(parts) if found.n_columns < 5 else parts, out)
        return
    _require_room(source, out.parent, found.disorder)
    with scratch_folder(out.parent) as scratch:
        _compress(sort_fragments(parts, scratch=scratch, order=order), out)


def _require_room(source: str, folder: Path, disorder: str) -> None:
    """Log that a file is sorted.

    Raises
    ------
    UserError
        If the disk has no room for its text.
    """
    needed = Path(source).stat().st_size * (INFLATED if is_gzip(source) else 1)
    free = shutil.disk_usage(folder).free
    logger.warning(
        "%s is not sorted (%s): it is sorted, with up to %.1f GB of temporary files beside %s.",
        *(source, disorder, needed / 1e9, folder),
    )
    if free < needed:
        raise UserError(
            f"{source} is not sorted ({disorder}), and sorting it may take {needed / 1e9:.1f} GB "
            f"where {folder} has {free / 1e9:.1f} GB left.",
            remedy=f"Make room, or sort it elsewhere: zcat {Path(source).name} | grep -v '^#' | "
            "sort -k1,1 -k2,2n | bgzip > sorted.tsv.gz",
        )


def _compress(parts: Iterable[bytes], out: Path) -> None:
    with pysam.BGZFile(str(out), "w") as compressed:
        for part in parts:
            compressed.write(part)


def _with_counts(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Add a column of ones to rows of four."""
    for part in parts:
        lines = part.decode().splitlines()
        yield "".join(
            f"{line}\n" if line.startswith("#") or line.count("\t") > 3 else f"{line}\t1\n"
            for line in lines
        ).encode()
