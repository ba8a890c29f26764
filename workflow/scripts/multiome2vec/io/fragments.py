"""One streaming pass over a fragments file: whether it is sound, and which barcodes it holds."""

import gzip
import io
import logging
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from multiome2vec.errors import UserError
from multiome2vec.io.chromosome_names import require_known

BLOCK = 1 << 25  # bytes of text parsed at once
COLUMNS = ("chrom", "start", "end", "barcode", "count")
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
    n_columns
        Columns of the rows: 4 (no counts) or 5.
    """

    barcodes: dict[str, int] = field(default_factory=dict)
    chromosomes: list[str] = field(default_factory=list)
    n_columns: int = 5


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
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path} does not exist. Correct the path in the sample sheet.")
    with open(path, "rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
        file.seek(max(0, path.stat().st_size - len(BGZF_END)))
        ended = file.read() == BGZF_END
    if compressed and is_bgzf(path) and not ended:
        raise UserError(f"{path} is truncated: it lacks the end mark of bgzip. Fetch it again.")
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
                f"{path} is truncated or damaged ({error}). Fetch it again; compare its size with "
                "the source."
            ) from None
    if rest:
        yield rest + b"\n"


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
        At the first line with too few columns, coordinates that are not integers or end <= start,
        or that is out of order: rows must be grouped by chromosome and sorted by start.
    """
    census, line = Census(), 0
    last_start = -1
    for part in parts:
        table = _parse(part, path=path, first_line=line + 1)
        line += part.count(b"\n")
        if table is None:
            continue
        census.n_columns = min(census.n_columns, table.width)
        last_start = _check_order(table, census, last_start, path=path)
        counts = table.group_by("barcode").len()
        for barcode, number in counts.iter_rows():
            census.barcodes[barcode] = census.barcodes.get(barcode, 0) + number
    if not census.barcodes:
        raise UserError(f"{path} holds no fragments.")
    return census


def _parse(part: bytes, *, path: str | Path, first_line: int):
    """Parse a block, or None if it holds comments only."""
    import polars as pl

    rows = part.lstrip() if not part.startswith(b"#") else _without_head(part)
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
    if table is None or any(table.null_count().row(0)) or (table["end"] <= table["start"]).any():
        _explain(part, path=path, first_line=first_line)
    return table


def _without_head(part: bytes) -> bytes:
    """Drop the comment lines on top."""
    while part.startswith(b"#"):
        part = part[part.index(b"\n") + 1 :]
    return part


def _explain(part: bytes, *, path: str | Path, first_line: int) -> None:
    """Find the first bad line of a block that did not parse, and raise."""
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
        raise UserError(f"{path}, line {number}: '{raw[:80]}' {what}.")
    raise UserError(f"{path}: the lines from {first_line} on are not fragments.")


def _check_order(table, census: Census, last_start: int, *, path: str | Path) -> int:
    """Check that chromosomes are contiguous and starts do not decrease; return the last start."""
    chrom = table["chrom"]
    change = np.flatnonzero((chrom != chrom.shift(1)).fill_null(value=True).to_numpy())
    start = table["start"].to_numpy()
    before = np.concatenate([[last_start], start[:-1]])
    descends = start < before
    for row in change:
        name = chrom[int(row)]
        if row == 0 and census.chromosomes and census.chromosomes[-1] == name:
            continue
        if name in census.chromosomes:
            raise UserError(_unsorted(path, f"{name} comes back after {census.chromosomes[-1]}"))
        census.chromosomes.append(name)
        descends[row] = False
    if descends.any():
        row = int(np.flatnonzero(descends)[0])
        pair = f"{chrom[row]}:{start[row]} comes after {chrom[row]}:{before[row]}"
        raise UserError(_unsorted(path, pair))
    return int(start[-1])


def _unsorted(path: str | Path, what: str) -> str:
    return (
        f"{path} is not sorted: {what}. Sort it: zcat {Path(path).name} | grep -v '^#' | "
        "sort -k1,1 -k2,2n | bgzip > sorted.tsv.gz"
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
