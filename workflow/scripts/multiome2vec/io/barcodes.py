"""Reconciliation of two spellings of the same barcodes (``-1`` suffixes, prefixes, strands)."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import permutations

import pandas as pd

from multiome2vec.errors import UserError

_COMPLEMENT = str.maketrans("ACGTacgt", "TGCAtgca")
_SUFFIX = re.compile(r"[-.]\d+$")
_PREFIX = re.compile(r"^.*[_:#](?=[ACGTN]{8,})", re.IGNORECASE)
_TAIL = re.compile(r"(?<=[ACGTN]{8})([-.]\d+)?[_:#].*$", re.IGNORECASE)
_SEQUENCE = re.compile(r"[ACGT]{8,}", re.IGNORECASE)

#: ways to respell an RNA barcode as the ATAC side does; several are joined by +
TRANSFORMS: dict[str, Callable[[str], str]] = {
    "strip-suffix": lambda name: _SUFFIX.sub("", name),
    "add-suffix": lambda name: f"{name}-1",
    "strip-prefix": lambda name: _PREFIX.sub("", name),
    "strip-tail": lambda name: _TAIL.sub(r"\1", name),
    "upper-case": str.upper,
    "reverse-complement": lambda name: _SEQUENCE.sub(
        lambda found: found.group().translate(_COMPLEMENT)[::-1], name
    ),
}


@dataclass(frozen=True)
class Proposal:
    """A respelling and the share of RNA barcodes it brings into the other set."""

    transform: str
    overlap: float


def transform(names: pd.Index, how: str) -> pd.Index:
    """Respell barcodes.

    Parameters
    ----------
    names
        Barcodes as the RNA side spells them.
    how
        Names of :data:`TRANSFORMS` joined by ``+``, applied in this order; empty or ``none`` for no
        change.

    Raises
    ------
    UserError
        If a transformation is unknown or makes two barcodes equal.
    """
    steps = [] if how in ("", "none") else how.split("+")
    unknown = [step for step in steps if step not in TRANSFORMS]
    if unknown:
        raise UserError(
            f"barcode_transform '{unknown[0]}' is unknown. Known: {', '.join(TRANSFORMS)}."
        )
    found = names
    for step in steps:
        found = found.map(TRANSFORMS[step])
    if not found.is_unique:
        raise UserError(
            f"barcode_transform '{how}' makes barcodes equal, such as "
            f"{found[found.duplicated()][0]}. Choose another."
        )
    return found


def overlap(rna: pd.Index, atac: Collection[str]) -> float:
    """Share of the RNA barcodes found on the ATAC side."""
    return float(rna.isin(atac).mean()) if len(rna) else 0.0


def propose(rna: pd.Index, atac: Collection[str], *, more_than: float = 0.5) -> Proposal | None:
    """Find the shortest respelling that brings more than a given share of barcodes together.

    Single transformations are tried first, then pairs. Respellings that make barcodes equal are
    left out.
    """
    candidates = [(name,) for name in TRANSFORMS] + list(permutations(TRANSFORMS, 2))
    for length in (1, 2):
        tried = []
        for steps in (candidate for candidate in candidates if len(candidate) == length):
            found = rna
            for step in steps:
                found = found.map(TRANSFORMS[step])
            if found.is_unique:
                tried.append(Proposal("+".join(steps), overlap(found, atac)))
        best = max(tried, key=lambda proposal: proposal.overlap, default=None)
        if best is not None and best.overlap > more_than:
            return best
    return None


def require_overlap(
    rna: pd.Index, spelt: pd.Index, atac: Collection[str], *, sample: str, minimum: float
) -> float:
    """Return the overlap of a sample's barcodes, or stop with the remedy if it is too small.

    Parameters
    ----------
    rna
        Barcodes as the RNA side spells them.
    spelt
        The same after the sheet's ``barcode_transform``.
    atac
        Barcodes of the ATAC side.

    Raises
    ------
    UserError
        Names two barcodes of each side and the transformation that would help, with its overlap.
    """
    share = overlap(spelt, atac)
    if share >= minimum:
        return share
    proposal = propose(rna, atac)
    remedy = "No known respelling brings them together: are the two files of the same sample?"
    if proposal:
        remedy = (
            f"With '{proposal.transform}' in the sample sheet's column barcode_transform, "
            f"{proposal.overlap:.0%} would be found."
        )
    examples = [", ".join(map(str, list(side)[:2])) for side in (spelt, atac)]
    raise UserError(
        f"Sample {sample}: {share:.0%} of the RNA barcodes occur on the ATAC side, fewer than "
        f"ingest.min_overlap ({minimum:.0%}). RNA has {examples[0]}; ATAC has {examples[1]}. "
        f"{remedy}"
    )
