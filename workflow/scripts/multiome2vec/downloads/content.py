"""Whether bytes are what the name of their file promises."""

import gzip
import hashlib
import re
import zlib
from pathlib import Path
from typing import NamedTuple

from multiome2vec.downloads.source import Refused
from multiome2vec.io.catalogue import Entry

HEAD = 512  # bytes that are looked at
BLOCK = 1 << 20
#: by suffix: position and value of the bytes that mark a format
MAGIC = {
    ".gz": (0, b"\x1f\x8b"),
    ".tgz": (0, b"\x1f\x8b"),
    ".tbi": (0, b"\x1f\x8b"),
    ".bz2": (0, b"BZh"),
    ".xz": (0, b"\xfd7zXZ\x00"),
    ".zip": (0, b"PK"),
    ".h5": (0, b"\x89HDF\r\n\x1a\n"),
    ".h5ad": (0, b"\x89HDF\r\n\x1a\n"),
    ".h5mu": (0, b"\x89HDF\r\n\x1a\n"),
    ".tar": (257, b"ustar"),
}
PAGES = ("text/html", "application/xhtml+xml")
_PAGE = re.compile(
    rb"\s*(<!--.*?-->\s*)*<(!doctype html|html|head|body|\?xml[^>]*>\s*<(!doctype )?html)",
    re.IGNORECASE | re.DOTALL,
)
_ERROR = re.compile(rb"\s*<\?xml[^>]*>\s*<Error>", re.IGNORECASE)


class Sums(NamedTuple):
    """Checksums of a file, hexadecimal."""

    sha256: str
    md5: str


def require_data(head: bytes, *, name: str, content_type: str) -> None:
    """Refuse a web page, or another format than the name's, by the first bytes.

    Parameters
    ----------
    head
        The first :data:`HEAD` bytes, or all if there are fewer.
    name
        Of the file.
    content_type
        As the server states it, empty if it does not.

    Raises
    ------
    Refused
        Says what came instead.
    """
    marked = next((MAGIC[suffix] for suffix in MAGIC if name.endswith(suffix)), None)
    if marked and head[marked[0] : marked[0] + len(marked[1])] == marked[1]:
        return
    suffix = Path(name).suffix
    if suffix in (".html", ".htm"):
        return
    if _PAGE.match(head) or content_type in PAGES:
        raise Refused("a web page (an error or a login?) came instead of the file")
    if _ERROR.match(head):
        raise Refused("an error message of the store came instead of the file")
    if marked:
        raise Refused(f"what came does not begin as a {suffix} file does ({head[:8]!r})")


def digest(path: Path) -> Sums:
    """Checksums of a file, read once."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            sha256.update(block)
            md5.update(block)
    return Sums(sha256.hexdigest(), md5.hexdigest())


def require_sums(sums: Sums, entry: Entry) -> None:
    """Compare with the published sums.

    Raises
    ------
    Refused
        If one differs; both are named.
    """
    for kind in ("sha256", "md5"):
        published, found = getattr(entry, kind), getattr(sums, kind)
        if published and published != found:
            raise Refused(
                f"its {kind} is {found}, the published one {published}: the file is damaged, or "
                "not the one in the table"
            )


def require_whole_gzip(path: Path) -> None:
    """Read a gzip file to its end: there is no sum to tell whether it is whole.

    Raises
    ------
    Refused
        If it is cut short or damaged.
    """
    try:
        with gzip.open(path) as file:
            while file.read(BLOCK):
                pass
    except (EOFError, OSError, zlib.error) as error:
        raise Refused(f"it is no whole gzip file ({error})") from None
