"""Fragments of one sample out of a file of several, and chromosomes under other names."""

import re
from collections.abc import Iterator, Mapping

from multiome2vec.io.fragments import Census


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
        return b"".join(map(self._renamed, _runs(part))) if self._names else part

    def _renamed(self, run: bytes) -> bytes:
        """Rename the chromosome of lines that all begin with it."""
        name = run[: max(run.find(b"\t"), 0)]
        if name not in self._names:
            return run
        old, new = b"\n" + name + b"\t", b"\n" + self._names[name] + b"\t"
        return (b"\n" + run).replace(old, new)[1:]


def _runs(part: bytes) -> Iterator[bytes]:
    """Lines of one chromosome after another; a line without a tab is a run of its own."""
    at = 0
    while at < len(part):
        line_end = part.index(b"\n", at) + 1
        tab = part.find(b"\t", at, line_end)
        if tab < 0 or part[at : at + 1] == b"#":
            end = line_end
        else:
            other = re.compile(rb"\n(?!" + re.escape(part[at : tab + 1]) + rb")").search(part, at)
            end = other.end() if other else len(part)
        yield part[at:end]
        at = end


def _line_filter(pattern: str) -> re.Pattern[bytes]:
    """Regular expression that finds the lines whose barcode looks like a pattern."""
    before, _, behind = (re.escape(part.encode()) for part in pattern.partition("*"))
    barcode = before + rb"[^\t\r\n]*" + behind
    return re.compile(
        rb"^[^#\t\n][^\t\n]*\t\d+\t\d+\t" + barcode + rb"(?:[\t\r][^\n]*)?\n", re.MULTILINE
    )
