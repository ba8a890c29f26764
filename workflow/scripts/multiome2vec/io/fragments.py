"""One streaming pass over a fragments file: whether it is sound, and which barcodes it holds."""

import gzip
import io
import logging
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from multiome2vec.errors import UserError
from multiome2vec.io.chromosome_names import require_known
from multiome2vec.io.files import GZIP, require_file

BLOCK = 1 << 25  # bytes of text parsed at once
COLUMNS = ("chrom", "start", "end", "barcode", "count")
_BLANK = re.compile(rb"^[ \t]*$(?=\n)", re.MULTILINE)
_HEADER = re.compile(rb"[A-Za-z_.]+\t[A-Za-z_.]+\t[A-Za-z_.]+\t[A-Za-z_.]+")
BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")

logger = logging.getLogger(__name__)


@dataclass
class Census:
    """What a pass over the file found.

    Attributes
    ----------
    barcodes
        Fragments (rows) by barcode.
    chromosomes
        Chromosomes in the order of the file.
    ends
        Furthest end by chromosome.
    n_columns
        Columns of the rows: 4 (no counts) or 5.
    disorder
        Where the rows are not grouped by chromosome and sorted by start; empty if they are.
    oddities
        What a reader of fragments would stumble over: see :func:`tidy`.
    """

    barcodes: dict[str, int] = field(default_factory=dict)
    chromosomes: list[str] = field(default_factory=list)
    ends: dict[str, int] = field(default_factory=dict)
    n_columns: int = 5
    disorder: str = ""
    oddities: list[str] = field(default_factory=list)


def is_bgzf(path: str | Path) -> bool:
    """Whether a file is in the blocked gzip format that tabix needs."""
    with open(path, "rb") as file:
        head = file.read(18)
    return head[:4] == b"\x1f\x8b\x08\x04" and head[12:14] == b"BC"


def open_fragments(path: str | Path) -> io.BufferedIOBase:
    """Open plain or gzip text for reading bytes.

    Raises
    ------
    UserError
        If the file is missing, or is bgzip without its end mark, i.e. truncated.
    """
    path = require_file(path)
    with open(path, "rb") as file:
        compressed = file.read(2) == GZIP
        file.seek(max(0, path.stat().st_size - len(BGZF_END)))
        ended = file.read() == BGZF_END
    if compressed and is_bgzf(path) and not ended:
        raise UserError(
            f"{path} is truncated: it lacks the end mark of bgzip.", remedy="Fetch it again."
        )
    return gzip.open(path, "rb") if compressed else open(path, "rb")


def blocks(path: str | Path, *, size: int = BLOCK) -> Iterator[bytes]:
    """Yield the text of a file in blocks of whole lines.

    Raises
    ------
    UserError
        If decompression fails; the file is then truncated or damaged.
    """
    rest = b""
    with open_fragments(path) as file:
        try:
            while text := file.read(size):
                lines, newline, rest = (rest + text).rpartition(b"\n")
                if newline:
                    yield lines + newline
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise UserError(
                f"{path} is truncated or damaged ({error}).",
                remedy="Fetch it again; compare its size with the source.",
            ) from None
    if rest:
        yield rest + b"\n"


def tidy(parts: Iterable[bytes], oddities: list[str]) -> Iterator[bytes]:
    """Make comments of blank lines and of a header line, and end lines as Unix does.

    The number of lines stays as it is.

    Parameters
    ----------
    parts
        Blocks of whole lines, in order.
    oddities
        Gets what was changed.
    """
    first = True
    for part in parts:
        found = {}
        text = part
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            found["line ends of Windows"] = True
        filled = _BLANK.sub(b"#", text) if _may_be_blank(text) else text
        found["blank lines"] = filled != text
        if first and _HEADER.match(filled):
            filled = b"#" + filled
            found["a header line"] = True
        oddities += [what for what, there in found.items() if there and what not in oddities]
        first = False
        yield filled


def _may_be_blank(text: bytes) -> bool:
    """Whether any line begins with white space: quicker than the regular expression."""
    return text[:1].isspace() or any(begin in text for begin in (b"\n\n", b"\n ", b"\n\t"))


def without_blanks(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Drop the comments that :func:`tidy` made of blank lines."""
    for part in parts:
        empty = part.startswith(b"#\n") or b"\n#\n" in part
        yield re.sub(rb"^#\n", b"", part, flags=re.MULTILINE) if empty else part


def scan(path: str | Path, parts: Iterable[bytes]) -> Census:
    """Check blocks of lines and count the fragments of each barcode.

    Parameters
    ----------
    path
        For messages.
    parts
        Blocks of whole lines, in order (:func:`blocks`).

    Raises
    ------
    UserError
        At the first line with too few columns or coordinates that are not integers with
        0 <= start < end.
    """
    import polars as pl

    census, line = Census(), 0
    last_start = -1
    for part in tidy(parts, census.oddities):
        table = _parse(part, path=path, first_line=line + 1)
        line += part.count(b"\n")
        if table is None:
            continue
        census.n_columns = min(census.n_columns, table.width)
        last_start = _check_order(table, census, last_start)
        for name, end in (
            table.group_by("chrom", maintain_order=True).agg(pl.col("end").max()).iter_rows()
        ):
            census.ends[name] = max(end, census.ends.get(name, 0))
        counts = table.group_by("barcode", maintain_order=True).len()
        for barcode, number in counts.iter_rows():
            census.barcodes[barcode] = census.barcodes.get(barcode, 0) + number
    if not census.barcodes:
        raise UserError(f"{path} holds no fragments.", remedy="Is it the right file, and whole?")
    return census


def _parse(part: bytes, *, path: str | Path, first_line: int):
    """Parse a block, or None if it holds comments only."""
    import polars as pl

    rows = _without_head(part)
    if not rows:
        return None
    width = rows[: rows.index(b"\n")].count(b"\t") + 1
    kinds = [pl.String, pl.Int64, pl.Int64, pl.String, pl.Int64]
    schema = dict(zip(COLUMNS[:width], kinds, strict=False))
    try:
        if width < 4:
            raise pl.exceptions.ComputeError("too few columns")
        table = pl.read_csv(
            rows, separator="\t", has_header=False, schema=schema, comment_prefix="#",
            quote_char=None, truncate_ragged_lines=True,
        )  # fmt: skip
    except pl.exceptions.PolarsError:
        table = None
    if table is None or any(table.null_count().row(0)) or not _sound(table):
        _explain(part, path=path, first_line=first_line)
    return table


def _sound(table) -> bool:
    return bool(((table["start"] >= 0) & (table["end"] > table["start"])).all())


def _without_head(part: bytes) -> bytes:
    """Drop the comment lines on top."""
    while part.startswith(b"#"):
        part = part[part.index(b"\n") + 1 :]
    return part


def _explain(part: bytes, *, path: str | Path, first_line: int) -> None:
    """Find the first bad line of a block that did not parse, and raise."""
    remedy = "Is it a fragments file, and whole? Fetch it again, or leave out the line."
    for number, raw in enumerate(part.decode(errors="replace").splitlines(), start=first_line):
        values = raw.split("\t")
        if raw.startswith("#"):
            continue
        if len(values) < 4:
            what = f"has {len(values)} tab-separated columns, not chrom, start, end, barcode, count"
        elif not all(value.isdigit() for value in [*values[1:3], *values[4:5]]):
            what = "has a start, end or count that is not a whole number"
        elif int(values[2]) <= int(values[1]):
            what = "ends before it starts"
        else:
            continue
        raise UserError(f"{path}, line {number}: '{raw[:80]}' {what}.", remedy=remedy)
    raise UserError(f"{path}: the lines from {first_line} on are not fragments.", remedy=remedy)


def _check_order(table, census: Census, last_start: int) -> int:
    """Note where chromosomes are not contiguous or starts decrease; return the last start."""
    chrom, start = table["chrom"], table["start"].to_numpy()
    if not census.disorder:
        census.disorder = _disorder(chrom, start, census.chromosomes, last_start)
    for name in chrom.unique(maintain_order=True):
        if name not in census.ends:
            census.chromosomes.append(name)
    return int(start[-1])


def _disorder(chrom, start: np.ndarray, seen: list[str], last_start: int) -> str:
    """First place of a block that is out of order, in words; empty if there is none."""
    begins = (chrom != chrom.shift(1)).fill_null(value=True).to_numpy()
    begins[0] = not seen or seen[-1] != chrom[0]
    before = np.concatenate([[last_start], start[:-1]])
    done = set(seen)
    for row in np.flatnonzero(begins):
        name = chrom[int(row)]
        if name in done:
            return f"{name} comes back after {chrom[int(row) - 1] if row else seen[-1]}"
        done.add(name)
    descends = np.flatnonzero((start < before) & ~begins)
    if not len(descends):
        return ""
    row = int(descends[0])
    return f"{chrom[row]}:{start[row]} comes after {chrom[row]}:{before[row]}"


def check_ends(ends: Mapping[str, int], sizes: Mapping[str, int], *, path: str | Path) -> None:
    """Compare the furthest fragments with the lengths of the assembly's chromosomes.

    Raises
    ------
    UserError
        If any ends beyond its chromosome: the reads were aligned to another build.
    """
    beyond = [name for name, end in ends.items() if end > sizes.get(name, end)]
    if beyond:
        name = beyond[0]
        raise UserError(
            f"{path}: a fragment ends at {name}:{ends[name]:,}, but {name} of the assembly has "
            f"{sizes[name]:,} bp ({len(beyond)} chromosomes with such fragments).",
            remedy="The reads were aligned to another build: name that assembly in the config.",
        )


def check_chromosomes(
    chromosomes: Iterable[str], known: Iterable[str], *, path: str | Path
) -> None:
    """Compare the chromosomes of fragments with those of the assembly.

    Raises
    ------
    UserError
        If they share none, or spell one differently. Names that only the fragments have are logged.
    """
    foreign = require_known(chromosomes, list(known), path=path)
    if foreign:
        logger.info("%s: not in the assembly: %s", path, ", ".join(foreign))
