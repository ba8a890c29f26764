"""Spellings of cell barcodes: how to respell the RNA side's as the ATAC side does.

A barcode is taken apart into what stands before its sequence (``sample_``), the sequence, the
number of its lane (``-1``) and what stands behind (``_sample``).
"""

import gzip
import re
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from multiome2vec.errors import UserError

_COMPLEMENT = str.maketrans("ACGTacgt", "TGCAtgca")
_SEQUENCE = re.compile(r"[ACGT]{8,}", re.IGNORECASE)
_QUOTED = re.compile(r"""^b?(["'])(.*)\1$""")
_NUMBERED = re.compile(r"[-.#]\d+$")
#: before, sequence, number of the lane, behind
PARTS = re.compile(
    r"^(?P<head>.*?)(?P<core>[ACGTN]{8,})(?P<lane>[-_.#]\d+(?=$|[-_.#:]))?(?P<tail>.*)$",
    re.IGNORECASE | re.DOTALL,
)


def _clean(name: str) -> str:
    name = "".join(name.split())
    return _QUOTED.sub(r"\2", name)


def _strip_prefix(name: str) -> str:
    found = PARTS.match(name)
    return name[found.start("core") :] if found else name


def _strip_tail(name: str) -> str:
    found = PARTS.match(name)
    return name[: found.start("tail")] if found else name


def _strip_suffix(name: str) -> str:
    found = PARTS.match(name)
    if not found:
        return _NUMBERED.sub("", name)
    return name[: found.end("core")] + found["tail"]


def _swap(name: str) -> str:
    """``sample_BC-1`` to ``BC-1_sample`` and back."""
    found = PARTS.match(name)
    if not found:
        return name
    head, tail, cell = found["head"], found["tail"], name[found.start("core") : found.start("tail")]
    if head:
        return f"{cell}{tail}{head[-1]}{head[:-1]}"
    return f"{tail[1:]}{tail[0]}{cell}" if tail else name


def _separate(name: str, text: str) -> str:
    found = PARTS.match(name)
    if not found or not found["lane"]:
        return name
    return f"{name[: found.end('core')]}{text}{found['lane'][1:]}{found['tail']}"


def _reverse_complement(name: str) -> str:
    return _SEQUENCE.sub(lambda found: found.group().translate(_COMPLEMENT)[::-1], name)


def _translate(name: str, table: Mapping[str, str]) -> str:
    found = PARTS.match(name)
    if not found:
        return name
    core = found["core"].upper()
    return f"{found['head']}{table.get(core, core)}{name[found.end('core') :]}"


#: ways to respell a barcode; several are joined by + and applied in this order
TRANSFORMS: dict[str, Callable[[str], str]] = {
    "clean": _clean,
    "strip-suffix": _strip_suffix,
    "strip-prefix": _strip_prefix,
    "strip-tail": _strip_tail,
    "swap": _swap,
    "upper-case": str.upper,
    "lower-case": str.lower,
    "reverse-complement": _reverse_complement,
}
#: ways that need a text: name=text
WITH_TEXT: dict[str, Callable[[str, str], str]] = {
    "add-suffix": lambda name, text: name + text,
    "add-prefix": lambda name, text: text + name,
    "separator": _separate,
}
#: ways that need ``ingest.barcode_translation``, from its first column to its second and back
TRANSLATIONS = ("translate", "translate-back")
PLAIN_SUFFIX = "-1"


def read_translation(path: str | Path) -> pd.DataFrame:
    """Read a table of barcodes that stand for each other, such as ARC's two lists side by side.

    Parameters
    ----------
    path
        Two columns of sequences, the RNA's and the ATAC's, separated by blanks, tabs or commas,
        plain or gzip, with or without a header line.

    Returns
    -------
    pandas.DataFrame
        Columns rna and atac, upper case.

    Raises
    ------
    UserError
        If a line does not hold two sequences, or a sequence occurs twice in a column.
    """
    with open(path, "rb") as file:
        opener = gzip.open if file.read(2) == b"\x1f\x8b" else open
    with opener(path, "rt") as lines:
        rows = [re.split(r"[\s,]+", line.strip().upper()) for line in lines if line.strip()]
    if rows and not _SEQUENCE.fullmatch(rows[0][0]):
        rows = rows[1:]
    remedy = "Give two columns, RNA and ATAC, for example: paste gex.txt atac.txt > both.tsv"
    for number, row in enumerate(rows, start=1):
        if len(row) != 2 or not all(map(_SEQUENCE.fullmatch, row)):
            raise UserError(f"{path}, pair {number}: '{' '.join(row)}' is no pair.", remedy=remedy)
    table = pd.DataFrame(rows, columns=["rna", "atac"])
    if table.empty:
        raise UserError(f"{path} holds no barcodes.", remedy=remedy)
    for column in table:
        if not table[column].is_unique:
            twice = table[column][table[column].duplicated()].iloc[0]
            raise UserError(f"{path}: {twice} occurs more than once in a column.", remedy=remedy)
    return table


def transform(names: pd.Index, how: str, *, translation: pd.DataFrame | None = None) -> pd.Index:
    """Respell barcodes.

    Parameters
    ----------
    names
        Barcodes as the RNA side spells them.
    how
        Names of :data:`TRANSFORMS`, :data:`WITH_TEXT` (``name=text``) or :data:`TRANSLATIONS`,
        joined by ``+`` and applied in this order; empty or ``none`` for no change.
    translation
        See :func:`read_translation`.

    Raises
    ------
    UserError
        If a transformation is unknown or makes two barcodes equal.
    """
    steps = [] if how in ("", "none") else how.split("+")
    found = names
    for step in steps:
        found = found.map(single(step, translation))
    if not found.is_unique:
        raise UserError(
            f"barcode_transform '{how}' makes barcodes equal, such as "
            f"{found[found.duplicated()][0]}.",
            remedy="Choose another.",
        )
    return found


def single(step: str, translation: pd.DataFrame | None = None) -> Callable[[str], str]:
    """One transformation as a function of a barcode.

    Raises
    ------
    UserError
        If it is unknown, or a table that it needs is not there.
    """
    name, equals, text = step.partition("=")
    if step in TRANSFORMS:
        return TRANSFORMS[step]
    if step == "add-suffix":
        return partial(WITH_TEXT[step], text=PLAIN_SUFFIX)
    if name in WITH_TEXT and equals and text:
        return partial(WITH_TEXT[name], text=text)
    if step in TRANSLATIONS:
        if translation is None:
            raise UserError(f"barcode_transform '{step}' needs ingest.barcode_translation.")
        columns = ("rna", "atac") if step == "translate" else ("atac", "rna")
        pairs = zip(*(translation[column] for column in columns), strict=True)
        return partial(_translate, table=dict(pairs))
    known = [*TRANSFORMS, *(f"{name}=..." for name in WITH_TEXT), *TRANSLATIONS]
    raise UserError(f"barcode_transform '{step}' is unknown.", remedy=f"Known: {', '.join(known)}.")


def overlap(rna: Collection[str], atac: Collection[str]) -> float:
    """Share of the RNA barcodes found on the ATAC side (fastest if that is a set)."""
    found = np.fromiter((name in atac for name in rna), bool, len(rna))
    return float(found.mean()) if len(rna) else 0.0
