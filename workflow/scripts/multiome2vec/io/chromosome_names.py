"""Names of chromosomes that differ between files: found, explained, translated by a table."""

import logging
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import pandas as pd

from multiome2vec.errors import UserError
from multiome2vec.io.genome import open_text

#: the mitochondrion without the prefix "chr", in lower case
MITOCHONDRION = frozenset(
    ("m", "mt", "mito", "mtdna", "mitochondrion", "mitochondrion_genome", "mitochondria")
)
_PREFIX = re.compile(r"^chr(omosome_?)?", re.IGNORECASE)
_ACCESSION = re.compile(r"[A-Z]{1,2}_?\d{5,}[.v]\d+")
_REFSEQ = re.compile(r"NC_(\d{6})(\.\d+)?")
_TITLE = re.compile(r"\bchromosome:? +([A-Za-z0-9]+)")
_PART = re.compile(r"unlocali[sz]ed|unplaced|scaffold|contig|patch|alternate", re.IGNORECASE)
#: chromosomes of human (GRCh37 on) and mouse by the number of their RefSeq accession
_KNOWN_REFSEQ = (
    {str(n): str(n) for n in range(1, 23)}
    | {"23": "X", "24": "Y", "12920": "MT"}
    | {str(66 + n): str(n) for n in range(1, 20)}
    | {"86": "X", "87": "Y", "5089": "MT"}
    | {"1665": "MT", "2333": "MT"}  # rat, zebrafish
)

logger = logging.getLogger(__name__)


def read_chromosome_names(path: str | Path | None) -> dict[str, str]:
    """Read a table of two columns (tabs): a name in some file, and the name to use for it.

    Further columns and lines that begin with # are ignored, so that UCSC's ``chromAlias.txt`` will
    do. Without a file the table is empty.

    Raises
    ------
    UserError
        If the file is missing, a line has one column, or one name has two translations.
    """
    if not path:
        return {}
    if not Path(path).is_file():
        raise UserError(f"{path} does not exist. Correct assemblies.<name>.chromosome_names.")
    names: dict[str, str] = {}
    for number, line in enumerate(Path(path).read_text().splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        values = [value.strip() for value in line.split("\t")]
        if len(values) < 2 or not all(values[:2]):
            raise UserError(
                f"{path}, line {number}: '{line[:60]}' is not two names separated by a tab."
            )
        if names.setdefault(values[0], values[1]) != values[1]:
            raise UserError(
                f"{path}, line {number}: '{values[0]}' becomes '{values[1]}', but "
                f"'{names[values[0]]}' above. Keep one of the two lines."
            )
    return names


def names_in(path: str | Path) -> list[str]:
    """Names of chromosomes in a GTF, GFF3, BED, fragments file or FASTA, in order."""
    names: dict[str, None] = {}
    with open_text(path) as lines:
        for line in lines:
            if line.startswith(">"):
                names[line[1:].split(maxsplit=1)[0]] = None
            elif "\t" in line and not line.startswith(("#", "track", "browser")):
                names[line.partition("\t")[0]] = None
    return list(names)


def translate(chromosomes: pd.Series, names: Mapping[str, str]) -> pd.Series:
    """Replace the names that the table has; the others stay."""
    return chromosomes.map(lambda name: names.get(name, name)) if names else chromosomes


def require_known(
    theirs: Iterable[str],
    ours: Collection[str],
    *,
    path: str | Path,
    titles: Mapping[str, str] | None = None,
) -> list[str]:
    """Compare the chromosomes of a file with those of the assembly.

    Parameters
    ----------
    path
        For messages.
    titles
        See :func:`propose`.

    Returns
    -------
    list
        Names that only the file has, where they are no other spelling of the assembly's (scaffolds
        that the assembly lacks).

    Raises
    ------
    UserError
        If they share no name, or the file spells a chromosome in another way (chrM and MT), which
        would silently lose it. The message says how to write a table of names.
    """
    theirs, ours = list(dict.fromkeys(theirs)), list(ours)
    known = set(ours)
    foreign = [name for name in theirs if name not in known]
    spelt = propose(foreign, ours, titles=titles)
    other = {name: mine for name, mine in spelt.items() if mine not in theirs and _is_main(name)}
    if theirs and len(foreign) == len(theirs):
        raise UserError(
            f"{path}: none of its chromosomes ({', '.join(foreign[:3])}, ...) is in the assembly "
            f"({', '.join(ours[:3])}, ...). {_remedy(spelt, foreign, ours)}"
        )
    if other:
        name, mine = next(iter(other.items()))
        raise UserError(
            f"{path}: its chromosome {name} is {mine} in the assembly, though other names agree. "
            f"{_remedy(other, foreign, ours)}"
        )
    return foreign


def _is_main(name: str) -> bool:
    """Whether a name is that of a chromosome, and not of a scaffold."""
    return bool(_REFSEQ.fullmatch(name)) or not _ACCESSION.search(name)


def _remedy(spelt: Mapping[str, str], foreign: Collection[str], ours: Collection[str]) -> str:
    accessions = [any(map(_ACCESSION.search, names)) for names in (foreign, ours)]
    if not spelt and not any(accessions):
        return "Use the assembly that the reads were aligned to, and files of one source."
    example = "such as '1<tab>NC_000001.11'"
    if spelt:
        example = "such as " + ", ".join(f"'{a}<tab>{b}'" for a, b in list(spelt.items())[:2])
    return (
        "If the sequences are the same, translate: a table of two columns (tabs), a name here and "
        f"its name in the assembly, {example}; give it as assemblies.<name>.chromosome_names. "
        "'python -m multiome2vec chromosome-names --help' writes it."
    )


def propose(
    theirs: Iterable[str], ours: Iterable[str], *, titles: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Translate names by the usual differences in spelling.

    With and without ``chr``; the mitochondrion; scaffolds by the accession within their name;
    RefSeq accessions of human and mouse, and of any species whose FASTA has titles.

    Parameters
    ----------
    titles
        What follows the name in the headers of the FASTA.
    """
    titles = titles or {}
    found: dict[str, list[str]] = {}
    for name in ours:
        found.setdefault(_plain(name, titles.get(name, "")), []).append(name)
    pairs = ((name, found.get(_plain(name, ""), [])) for name in theirs)
    return {name: mine[0] for name, mine in pairs if len(mine) == 1}


def _plain(name: str, title: str) -> str:
    """One spelling for all that a name or a title may say."""
    if is_mitochondrion(name, title):
        return "MT"
    if refseq := _REFSEQ.fullmatch(name):
        entitled = chromosome_of(title)
        return (entitled or _KNOWN_REFSEQ.get(str(int(refseq[1])), name)).upper()
    if accession := _ACCESSION.search(name):
        return chromosome_of(title).upper() or accession[0].replace("v", ".")
    return _PREFIX.sub("", name).upper()


def chromosome_of(title: str) -> str:
    """Chromosome that the title of a whole one names, such as 7; empty for parts and others."""
    found = _TITLE.search(title)
    return found[1] if found and not _PART.search(title) else ""


def is_mitochondrion(name: str, title: str = "") -> bool:
    """Whether a name, or the title behind it in a FASTA, is that of the mitochondrial genome."""
    refseq = _REFSEQ.fullmatch(name)
    known = bool(refseq) and _KNOWN_REFSEQ.get(str(int(refseq[1]))) == "MT"
    entitled = "mitochondrion" in title.lower() and not _PART.search(title)
    return known or entitled or _PREFIX.sub("", name).lower() in MITOCHONDRION
