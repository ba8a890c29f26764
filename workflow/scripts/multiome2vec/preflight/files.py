"""Which files are there, and where the others come from."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from multiome2vec.downloads.units import spelt
from multiome2vec.io.catalogue import Entry
from multiome2vec.preflight.findings import ERROR, INFO, Findings

CHECK = "files"


def check_files(
    paths: Iterable[str], findings: Findings, *, entries: Mapping[str, Entry],
    made: Collection[str] = (),
) -> tuple[set[str], dict[str, Entry]]:  # fmt: skip
    """Say of every file that is not there whether it can be made or downloaded.

    Parameters
    ----------
    paths
        Files and folders that the sample sheet and the assembly name.
    entries
        Downloadable files by path.
    made
        Files that a rule makes without any input.

    Returns
    -------
    absent : set of str
        Paths that are not there.
    wanted : dict
        What will be downloaded for them, archives included.
    """
    absent, wanted = set(), {}
    for path in dict.fromkeys(paths):
        if Path(path).exists():
            continue
        absent.add(path)
        needed = _needed(path, entries)
        if path in made:
            findings.add(INFO, CHECK, "Not there yet: the workflow makes it.", file=path)
        elif needed:
            size = sum(entry.size or 0 for entry in needed.values())
            text = f"Not there yet: it will be downloaded ({spelt(size or None)})."
            findings.add(INFO, CHECK, text, file=path)
            wanted |= needed
        else:
            findings.add(
                ERROR, CHECK, f"{path} does not exist.", file=path,
                remedy="Correct the path (it is taken from the folder you run Snakemake in), or "
                "fetch the file: it is in no table of downloads.",
            )  # fmt: skip
    return absent, wanted


def _needed(path: str, entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Entries of a file, or of the files in a folder, with the archives they are taken from."""
    mine = {name: e for name, e in entries.items() if name == path or name.startswith(f"{path}/")}
    root = path.removesuffix(next((e.path for e in mine.values()), ""))
    archives = {f"{root}{entry.archive}" for entry in mine.values() if entry.archive}
    return mine | {name: entries[name] for name in archives if name in entries}
