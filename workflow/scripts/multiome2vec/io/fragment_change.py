"""Fragments of one sample out of a file of several, and chromosomes under other names."""

import re
from collections.abc import Mapping

from multiome2vec.io.fragments import Census

_CHROM = re.compile(rb"^[^#\t\n]+", re.MULTILINE)


class Change:
    """What is done to blocks of lines: fragments of other samples left out, chromosomes renamed.

    Parameters
    ----------
    barcodes
        Pattern of the barcodes to keep; empty for all.
    names
        New names of chromosomes.
    """

    def __init__(self, barcodes: str, names: Mapping[str, str]) -> None:
        self._lines = _line_filter(barcodes) if barcodes else None
        self._names = {old.encode(): new.encode() for old, new in names.items()}

    def concerns(self, found: Census) -> bool:
        """Whether anything of a file is changed."""
        return bool(self._lines or self._names.keys() & {c.encode() for c in found.chromosomes})

    def __call__(self, part: bytes) -> bytes:
        """Change a block of whole lines."""
        if self._lines:
            part = b"".join(self._lines.findall(part))
        return _CHROM.sub(self._renamed, part) if self._names else part

    def _renamed(self, found: re.Match[bytes]) -> bytes:
        return self._names.get(found[0], found[0])


def _line_filter(pattern: str) -> re.Pattern[bytes]:
    """Regular expression that finds the lines whose barcode looks like a pattern."""
    before, _, behind = (re.escape(part.encode()) for part in pattern.partition("*"))
    barcode = before + rb"[^\t\r\n]*" + behind
    return re.compile(
        rb"^[^#\t\n][^\t\n]*\t\d+\t\d+\t" + barcode + rb"(?:[\t\r][^\n]*)?\n", re.MULTILINE
    )
