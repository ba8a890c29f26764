"""Search for the respelling that brings the RNA and the ATAC barcodes of a sample together."""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import pandas as pd

from multiome2vec.errors import UserError
from multiome2vec.io.barcodes import PARTS, overlap, single, transform

logger = logging.getLogger(__name__)

LOOKED_AT = 500  # RNA barcodes that every candidate is tried on
MOST_COMMON = 3  # endings and beginnings of the ATAC side that are tried
FINALISTS = 8  # candidates that are tried on all barcodes
AS_GOOD = 0.9  # of the best overlap: a candidate that is as good
APPLIED_ABOVE = 0.5  # share of the RNA barcodes from which a respelling is believed

Steps = tuple[str, ...]


@dataclass(frozen=True)
class Proposal:
    """A respelling and the share of RNA barcodes it brings into the other set."""

    transform: str
    overlap: float


def propose(
    rna: pd.Index,
    atac: Collection[str],
    *,
    more_than: float = APPLIED_ABOVE,
    translation: pd.DataFrame | None = None,
) -> list[Proposal]:
    """Find the respellings that bring more than a given share of the barcodes together.

    Clean-up, case, sample names, lane numbers, sequence and additions are tried in this order, each
    or none, in all combinations that differ on some of the barcodes. Those that make barcodes equal
    are left out.

    Parameters
    ----------
    rna, atac
        Barcodes of the two sides.
    more_than
        Least overlap.
    translation
        See :func:`multiome2vec.io.barcodes.read_translation`.

    Returns
    -------
    list of Proposal
        The best, and behind it others that lead to other barcodes and are nearly as good; of two
        ways to the same barcodes the shorter. Empty if there is none.
    """
    known = atac if isinstance(atac, set | frozenset | dict) else set(atac)
    some = _spread(rna, LOOKED_AT)
    stages = _stages(_spread(list(known), 10 * LOOKED_AT), translated=translation is not None)
    tried = [
        (overlap(names, known), steps)
        for names, steps in _combinations(some, stages, translation).items()
        if steps
    ]
    tried = [entry for entry in tried if entry[0] > more_than / 2]
    tried.sort(key=lambda entry: (-entry[0], len(entry[1])))
    return _finals(rna, known, tried[:FINALISTS], more_than, translation)


def _finals(rna, known, tried, more_than, translation) -> list[Proposal]:
    """Try candidates on all barcodes."""
    found: list[tuple[Proposal, pd.Index]] = []
    for _, steps in tried:
        spelt = rna
        for step in steps:
            spelt = spelt.map(single(step, translation))
        share = overlap(spelt, known) if spelt.is_unique else 0.0
        if share > more_than and not any(spelt.equals(other) for _, other in found):
            found.append((Proposal("+".join(steps), share), spelt))
    found.sort(key=lambda entry: -entry[0].overlap)
    best = found[0][0].overlap if found else 0.0
    return [proposal for proposal, _ in found if proposal.overlap >= AS_GOOD * best]


def _spread(names: Sequence[str], n: int) -> list[str]:
    """Evenly spaced names."""
    return list(names[:: max(1, len(names) // n)][:n])


def _stages(atac: Sequence[str], *, translated: bool) -> list[list[Steps]]:
    """Alternatives of each stage, those of the last ones after the ATAC side's spellings."""
    parts = [found for name in atac if (found := PARTS.match(name))]
    separators = _common(found["lane"][0] for found in parts if found["lane"])
    suffixes = _common((found["lane"] or "") + found["tail"] for found in parts)
    prefixes = _common(found["head"] for found in parts)
    sequence: list[Steps] = [(), ("reverse-complement",)]
    if translated:
        for way in ("translate", "translate-back"):
            sequence += [(way,), (way, "reverse-complement"), ("reverse-complement", way)]
    ends = [(), *((f"add-suffix={text}",) for text in suffixes)]
    heads = [(), *((f"add-prefix={text}",) for text in prefixes)]
    return [
        [(), ("clean",)],
        [(), ("upper-case",), ("lower-case",)],
        [(), ("strip-prefix",), ("strip-tail",), ("strip-prefix", "strip-tail"), ("swap",)],
        [(), ("strip-suffix",), *((f"separator={text}",) for text in separators)],
        sequence,
        [(*end, *head) for end in ends for head in heads],
    ]


def _common(texts) -> list[str]:
    """Most common texts that are not empty and can be written in a sample sheet."""
    counts = Counter(text for text in texts if text and "+" not in text and not text.isspace())
    return [text for text, _ in counts.most_common(MOST_COMMON)]


def _combinations(
    names: list[str], stages: list[list[Steps]], translation: pd.DataFrame | None
) -> dict[tuple[str, ...], Steps]:
    """Every spelling of the names that the stages can make, with the shortest way to it."""
    functions: dict[str, Callable[[str], str]] = {}
    found: dict[tuple[str, ...], Steps] = {tuple(names): ()}
    for stage in stages:
        for spelt, before in list(found.items()):
            for option in stage:
                new = spelt
                for step in option:
                    if step not in functions:
                        functions[step] = single(step, translation)
                    new = tuple(map(functions[step], new))
                steps = before + option
                if new not in found or len(steps) < len(found[new]):
                    found[new] = steps
    return found


def reconcile(
    rna: pd.Index,
    atac: Collection[str],
    *,
    how: str,
    sample: str,
    minimum: float,
    translation: pd.DataFrame | None = None,
) -> tuple[pd.Index, float]:
    """Spell the RNA barcodes of a sample as the ATAC side does.

    Parameters
    ----------
    rna, atac
        Barcodes of the two sides.
    how
        ``barcode_transform`` of the sample sheet. Empty: as they are if that brings `minimum` of
        them together, else the one respelling that brings together more than half of them.
    sample
        For messages.
    minimum
        Least overlap.
    translation
        See :func:`multiome2vec.io.barcodes.read_translation`.

    Returns
    -------
    names : pandas.Index
        The RNA barcodes respelt.
    share : float
        Of them found on the ATAC side.

    Raises
    ------
    UserError
        If too few are found. Names two barcodes of each side and what would help.
    """
    known = atac if isinstance(atac, set | frozenset | dict) else set(atac)
    spelt = transform(rna, how, translation=translation)
    share = overlap(spelt, known)
    if share >= minimum:
        return spelt, share
    proposals = propose(rna, known, translation=translation)
    if how == "" and len(proposals) == 1 and proposals[0].overlap >= minimum:
        best = proposals[0]
        logger.warning(
            "%s: RNA barcodes are respelt by '%s': %.1f %% of them were on the ATAC side, %.1f %% "
            "are. Write it into the sample sheet's column barcode_transform to confirm it.",
            sample, best.transform, 100 * share, 100 * best.overlap,
        )  # fmt: skip
        return transform(rna, best.transform, translation=translation), best.overlap
    raise UserError(
        f"Sample {sample}: {share:.0%} of the RNA barcodes occur on the ATAC side, fewer than "
        f"ingest.min_overlap ({minimum:.0%}). {examples(spelt, known)}",
        remedy=advice(proposals),
    )


def examples(rna: pd.Index, atac: Collection[str]) -> str:
    """Two barcodes of each side, as a sentence."""
    pairs = [", ".join(map(str, side)) for side in (list(rna[:2]), sorted(atac)[:2])]
    return f"RNA has {pairs[0]}; ATAC has {pairs[1]}."


def advice(proposals: list[Proposal]) -> str:
    """Say what to write into the sample sheet."""
    if not proposals:
        return "No known respelling brings them together: are the two files of the same sample?"
    ways = " or ".join(f"'{found.transform}' ({found.overlap:.0%})" for found in proposals)
    if len(proposals) > 1:
        return (
            f"Several respellings are as good: {ways}. Write the one that is true into the sample "
            "sheet's column barcode_transform."
        )
    return f"Write {ways} into the sample sheet's column barcode_transform."
