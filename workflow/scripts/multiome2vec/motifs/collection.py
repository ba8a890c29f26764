"""Collections of motifs: count matrices with the factors that bind them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from multiome2vec.errors import UserError

BASES = "ACGT"


@dataclass(frozen=True)
class Motif:
    """A position frequency matrix.

    Attributes
    ----------
    name
        Unique id, such as MA0080.7.
    title
        Name of the factor or dimer, such as ``FOS::JUN``.
    family
        Structural family of the factor, empty if unknown.
    counts
        Positions × ACGT.
    """

    name: str
    title: str
    family: str
    counts: np.ndarray


def from_jaspar_release(release: str, *, taxon: str) -> list[Motif]:
    """Latest versions of the CORE motifs of one taxonomic group, sorted by id.

    Parameters
    ----------
    release
        Name of a release that pyjaspar carries, such as JASPAR2026.
    taxon
        Tax group, such as vertebrates.

    Raises
    ------
    UserError
        If there is no such release, or it has no motifs of the group.
    """
    import pyjaspar

    carried = {path.stem for path in Path(pyjaspar.__file__).parent.glob("data/*.sqlite")}
    if release not in carried:
        raise UserError(
            f"motifs.collection '{release}' is no JASPAR release that pyjaspar carries "
            f"({', '.join(sorted(carried))})."
        )
    database = pyjaspar.jaspardb(release=release)
    found = database.fetch_motifs(collection="CORE", tax_group=[taxon])
    if not found:
        raise UserError(f"{release} has no CORE motifs of '{taxon}' (motifs.taxon).")
    motifs = [
        Motif(
            name=motif.matrix_id,
            title=motif.name,
            family="; ".join(motif.tf_family or motif.tf_class or []),
            counts=np.array([motif.counts[base] for base in BASES], dtype=float).T,
        )
        for motif in found
    ]
    return sorted(motifs, key=lambda motif: motif.name)


def write_jaspar(motifs: Iterable[Motif], path: str | Path) -> None:
    """Write motifs in JASPAR format."""
    lines = []
    for motif in motifs:
        lines.append(f">{motif.name}\t{motif.title}")
        for base, row in zip(BASES, motif.counts.T, strict=True):
            lines.append(f"{base}  [ {' '.join(f'{value:g}' for value in row)} ]")
    Path(path).write_text("\n".join(lines) + "\n")


def table(motifs: Iterable[Motif]) -> pd.DataFrame:
    """One row per motif: name, factors (comma-separated symbols) and family."""
    rows = {
        motif.name: (motif.title, ",".join(factors(motif.title)), motif.family) for motif in motifs
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["name", "tfs", "family"])


def factors(title: str) -> list[str]:
    """Gene symbols in a motif's title: ``FOS::JUN(var.2)`` gives FOS and JUN."""
    return [re.sub(r"\(var\.\d+\)", "", part).strip() for part in title.split("::")]
