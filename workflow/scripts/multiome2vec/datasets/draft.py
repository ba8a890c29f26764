"""A sample sheet and a configuration, written for a user to look over."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from multiome2vec.errors import UserError
from multiome2vec.io.atomic import atomic_path
from multiome2vec.io.sheet import COLUMNS, NAME

#: assemblies by what references, titles and file names call them
ASSEMBLIES = {
    "hg38": ("grch38", "hg38"),
    "hg19": ("grch37", "hg19"),
    "mm39": ("grcm39", "mm39"),
    "mm10": ("grcm38", "mm10"),
}
#: files of an assembly by their names in the table of references
_REFERENCE = {
    "fasta": re.compile(r"\.(fa|fasta|fna)(\.gz)?$"),
    "gtf": re.compile(r"\.(gtf|gff3?)(\.gz)?$"),
    "blacklist": re.compile(r"blacklist.*\.bed(\.gz)?$"),
}
DOWNLOADS = "resources/downloads"


@dataclass
class Draft:
    """A dataset as it was found.

    Attributes
    ----------
    name
        Of the dataset.
    rows
        Of the sample sheet.
    assembly
        Entry of ``assemblies``; empty if it was neither given nor could be guessed.
    notes
        What was guessed, and why.
    """

    name: str
    rows: list[dict[str, str]]
    assembly: str = ""
    notes: list[str] = field(default_factory=list)


def assembly_in(*texts: str) -> str:
    """Assembly that texts name; empty if they name none or several."""
    text = " ".join(texts).lower()
    found = [name for name, words in ASSEMBLIES.items() if any(word in text for word in words)]
    return found[0] if len(found) == 1 else ""


def sample_name(text: str) -> str:
    """Make a text the name of a sample: what names may not hold becomes ``_``."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", text).strip("_.-")
    return name if NAME.fullmatch(name) else f"s_{name}".rstrip("_")


def dataset_name(text: str) -> str:
    """Make a text the name of a dataset."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_-") or "dataset"


def sheet_text(rows: Sequence[Mapping[str, str]]) -> str:
    """Sample sheet; the columns that any row has, in their usual order."""
    names = {name for row in rows for name, value in row.items() if value}
    own = dict.fromkeys(name for row in rows for name in row if name not in COLUMNS)
    columns = [name for name in COLUMNS if name in names] + [name for name in own if name in names]
    lines = [columns, *([row.get(name, "") for name in columns] for row in rows)]
    return "".join("\t".join(line) + "\n" for line in lines)


def config_text(draft: Draft, *, sheet: Path, tables: Sequence[Path], references: Path) -> str:
    """Small configuration of a dataset.

    Parameters
    ----------
    sheet
        Sample sheet.
    tables
        Tables of the files to download, if there are any.
    references
        ``resources/references.tsv``, which an assembly that it has is filled in from.
    """
    lines = [
        f"# {draft.name}: look it over, then: snakemake preflight --cores 4 --configfile THIS_FILE",
        *(f"# {note}" for note in draft.notes),
        f"dataset: {draft.name}",
        "datasets:",
        f"  {draft.name}:",
        f"    samples: {shown(sheet)}",
    ]
    if draft.assembly:
        lines.append(f"    assembly: {draft.assembly}")
    else:
        lines.append(
            "    assembly: unknown # name an entry of assemblies, of this file or config.yaml"
        )
    if tables:
        listed = ", ".join(shown(table) for table in tables)
        lines += ["downloads:", f"  datasets: [{listed}]"]
    files = reference_files(references, draft.assembly)
    if files:
        lines += ["assemblies:", f"  {draft.assembly}:"]
        lines += [f"    {key}: {path}" for key, path in files.items()]
    return "\n".join(lines) + "\n"


def reference_files(table: Path, assembly: str) -> dict[str, str]:
    """FASTA, annotation and blacklist of an assembly, where the table of references has it."""
    if not assembly or not table.is_file():
        return {}
    from multiome2vec.io.catalogue import read_catalogue

    rows = read_catalogue(table)
    found: dict[str, str] = {}
    for name in rows.loc[rows["assembly"] == assembly, "file"]:
        for key, pattern in _REFERENCE.items():
            if pattern.search(name):
                found.setdefault(key, f"{DOWNLOADS}/references/{assembly}/{name}")
    return found


def undeclared(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Note the samples whose region counts have a unit that no name tells."""
    names = [row["sample"] for row in rows if "atac" in row and not row.get("counting")]
    return [f"{', '.join(names)}: fill in counting, the unit of their region counts"] * bool(names)


def shown(path: Path) -> str:
    """Spell a path from the working directory, if it is beneath it; else whole."""
    path = path.absolute()
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def write_texts(texts: Mapping[Path, str], *, force: bool) -> None:
    """Write files; none of them if one is there already.

    Raises
    ------
    UserError
        If one is there and ``force`` is not set.
    """
    there = [shown(path) for path in texts if path.exists()]
    if there and not force:
        raise UserError(
            f"Already there: {', '.join(there)}. Add --force to overwrite, or choose another --out."
        )
    for path, text in texts.items():
        with atomic_path(path) as partial:
            partial.write_text(text)
