"""Sorting of any number of fragments in little memory, one piece of the genome at a time."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from multiome2vec.io.fragments import COLUMNS

SHIFT = 24  # pieces of 2^24 bp (17 Mb) to begin with
FINER = 6  # pieces that are too large are cut into 2^6
LARGEST = 2_000_000  # fragments sorted at once


def sort_fragments(
    parts: Iterable[bytes], *, scratch: Path, order: Sequence[str]
) -> Iterator[bytes]:
    """Yield fragments sorted by chromosome, start, end and barcode, as text in blocks.

    Parameters
    ----------
    parts
        Blocks of whole lines of four (then the count is 1) or more columns (the first five are
        kept); comments and blank lines are dropped.
    scratch
        Empty folder for the pieces, which take as much space as the text.
    order
        Chromosomes that come first, in this order; others follow by name.
    """
    pieces = _scatter(parts, scratch, shift=SHIFT)
    rank = {name: number for number, name in enumerate(order)}
    for name, start in sorted(pieces, key=lambda p: (rank.get(p[0], len(rank)), p)):
        yield from _sorted_piece(_path(scratch, name, start), pieces[name, start], SHIFT)


def _scatter(parts: Iterable[bytes], folder: Path, *, shift: int) -> Counter:
    """Write fragments into files by chromosome and place; return how many are in each."""
    pieces: Counter = Counter()
    for part in parts:
        table = _table(part)
        if table is None:
            continue
        keyed = table.with_columns((table["start"] // (1 << shift)).alias("piece"))
        for key, rows in keyed.partition_by(["chrom", "piece"], as_dict=True).items():
            pieces[key] += len(rows)
            with open(_path(folder, *key), "ab") as file:
                rows.drop("piece").write_csv(file, separator="\t", include_header=False)
    return pieces


def _path(folder: Path, chrom: str, piece: int) -> Path:
    return folder / f"{quote(chrom, safe='')}.{piece}"


def _table(part: bytes):
    """Parse a block that has been checked, or None if it holds no fragments."""
    import polars as pl

    lines = (line for line in part.splitlines() if line and not line.startswith(b"#"))
    first = next(lines, None)
    if first is None:
        return None
    width = min(first.count(b"\t") + 1, len(COLUMNS))
    kinds = [pl.String, pl.Int64, pl.Int64, pl.String, pl.Int64]
    table = pl.read_csv(
        part, separator="\t", has_header=False, comment_prefix="#", quote_char=None,
        schema=dict(zip(COLUMNS[:width], kinds, strict=False)), truncate_ragged_lines=True,
    )  # fmt: skip
    return table if width == len(COLUMNS) else table.with_columns(count=pl.lit(1))


def _sorted_piece(path: Path, number: int, shift: int) -> Iterator[bytes]:
    """Sort one file, in smaller pieces if it is large; remove it."""
    if number > LARGEST and shift > 0:
        finer = max(0, shift - FINER)
        folder = path.with_name(f"{path.name}.pieces")
        folder.mkdir()
        pieces = _scatter(_blocks(path), folder, shift=finer)
        path.unlink()
        for name, start in sorted(pieces, key=lambda piece: piece[1]):
            yield from _sorted_piece(_path(folder, name, start), pieces[name, start], finer)
        folder.rmdir()
        return
    table = _table(path.read_bytes())
    path.unlink()
    yield (
        table.sort(["start", "end", "barcode", "count"])
        .write_csv(separator="\t", include_header=False)
        .encode()
    )


def _blocks(path: Path, size: int = 1 << 25) -> Iterator[bytes]:
    """Text of a file in blocks of whole lines."""
    with open(path, "rb") as file:
        while text := file.read(size):
            yield text + file.readline()
