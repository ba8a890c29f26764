"""The chromosomes of an assembly: their lengths, and which are standard or mitochondrial."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from multiome2vec.errors import UserError
from multiome2vec.io.chromosome_names import chromosome_of, is_mitochondrion

KIND, STANDARD, MITOCHONDRION, OTHER = "kind", "standard", "mitochondrion", "other"
#: chr1, 2A, 2L, XII, Z, chrLG3, A1: how chromosomes are called, and not scaffolds or plastids
_USUAL = re.compile(
    r"(?:chr|chromosome_?|group)?(?:\d{1,3}[A-Za-z]?|[A-F]\d{1,2}|LG\d{1,3}|[XYZWUV]\d?|[IVX]{1,5})",
    re.IGNORECASE,
)
_REFSEQ = re.compile(r"NC_\d{6}(\.\d+)?")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chromosomes:
    """Chromosomes of an assembly.

    Attributes
    ----------
    sizes
        Length (bp) of every sequence by name, in the order of the assembly.
    standard
        Names of those that peaks and regions are on.
    mitochondrion
        Name of the mitochondrial genome; None if the assembly has none.
    known
        Bases that are not N by name; the length where there is no sequence.
    """

    sizes: pd.Series
    standard: pd.Index
    mitochondrion: str | None
    known: pd.Series

    @property
    def standard_sizes(self) -> pd.Series:
        """Lengths of the standard chromosomes."""
        return self.sizes.loc[self.standard]

    @property
    def genome_size(self) -> int:
        """Bases of the standard chromosomes that are not N: the effective size for MACS."""
        return int(self.known.loc[self.standard].sum())


def read_chromosomes(path: str | Path) -> Chromosomes:
    """Read ``chromosomes.tsv``."""
    table = pd.read_csv(path, sep="\t", dtype={"chrom": str}, index_col="chrom")
    mitochondrial = table.index[table[KIND] == MITOCHONDRION]
    return Chromosomes(
        sizes=table["size"],
        standard=table.index[table[KIND] == STANDARD],
        mitochondrion=mitochondrial[0] if len(mitochondrial) else None,
        known=table["known"],
    )


def kinds_of(
    sizes: pd.Series,
    *,
    pattern: str | None,
    mitochondrion: str | None,
    titles: Mapping[str, str] | None = None,
) -> pd.Series:
    """Say of every sequence whether it is standard, mitochondrial or another.

    Parameters
    ----------
    sizes
        Lengths by name.
    pattern, mitochondrion
        ``standard_chromosomes`` and ``mitochondrion`` of the assembly; None to go by the usual
        names, RefSeq accessions and the titles in the FASTA. Where nothing is named like a
        chromosome, all sequences are standard.
    titles
        What follows a name in the headers of the FASTA.

    Raises
    ------
    UserError
        If no sequence matches the pattern, or none is called as the given mitochondrion.
    """
    titles = titles or {}
    mitochondrial = _mitochondrion(sizes.index, mitochondrion, titles)
    if pattern is None:
        standard = [name for name in sizes.index if _usual(name, titles.get(name, ""))]
    else:
        standard = [name for name in sizes.index if re.search(pattern, name)]
    standard = [name for name in standard if name != mitochondrial]
    if not standard and pattern is not None:
        raise UserError(
            f"No chromosome of the assembly ({', '.join(sizes.index[:5])}, ...) matches "
            f"standard_chromosomes '{pattern}'. Change it in the assembly's configuration, or "
            "leave it out to go by the usual names."
        )
    if not standard:
        standard = [name for name in sizes.index if name != mitochondrial]
        logger.warning(
            "No sequence is named like a chromosome (%s, ...): all %d are taken as standard. If "
            "some are not, set assemblies.<name>.standard_chromosomes.",
            ", ".join(sizes.index[:3]),
            len(standard),
        )
    kinds = pd.Series(OTHER, index=sizes.index)
    kinds[standard] = STANDARD
    if mitochondrial is not None:
        kinds[mitochondrial] = MITOCHONDRION
    return kinds


def _usual(name: str, title: str) -> bool:
    if _USUAL.fullmatch(name):
        return True
    return bool(_REFSEQ.fullmatch(name) and "plast" not in title) or bool(chromosome_of(title))


def _mitochondrion(names: pd.Index, given: str | None, titles: Mapping[str, str]) -> str | None:
    if given is not None:
        if given not in names:
            raise UserError(
                f"The assembly has no sequence '{given}' ({', '.join(names[:5])}, ...). Correct "
                "assemblies.<name>.mitochondrion, or leave it out to go by the usual names."
            )
        return given
    found = [name for name in names if is_mitochondrion(name, titles.get(name, ""))]
    if len(found) > 1:
        raise UserError(
            f"{' and '.join(found)} are both called like a mitochondrion: name the one in "
            "assemblies.<name>.mitochondrion."
        )
    return found[0] if found else None


def describe(kinds: pd.Series) -> str:
    """Say in a line which chromosomes are which."""
    standard = kinds.index[kinds == STANDARD]
    mitochondrial = kinds.index[kinds == MITOCHONDRION]
    shown = ", ".join(standard[:3]) + (f", ..., {standard[-1]}" if len(standard) > 3 else "")
    return (
        f"{len(standard)} standard chromosomes ({shown}), "
        f"mitochondrion {mitochondrial[0] if len(mitochondrial) else 'none'}, "
        f"{(kinds == OTHER).sum()} others"
    )
