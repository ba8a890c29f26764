"""What is to be downloaded, for people: names, sizes, addresses."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from multiome2vec.downloads.fetch import sources
from multiome2vec.downloads.units import spelt
from multiome2vec.io.catalogue import Entry


def with_archives(paths: Iterable[str], entries: Mapping[str, Entry]) -> list[str]:
    """Paths of entries, and of the archives that they are taken from, in their order."""
    found: dict[str, None] = {}
    for path in paths:
        if entries[path].archive:
            found[entries[path].archive] = None
        found[path] = None
    return list(found)


def to_download(
    paths: Iterable[str], entries: Mapping[str, Entry], folder: str | Path
) -> list[Entry]:
    """Entries that a run has to download for these files: those that are not there yet."""
    folder = Path(folder)
    missing = [path for path in paths if not (folder / path).exists()]
    needed = [entries[path] for path in with_archives(missing, entries)]
    return [entry for entry in needed if entry.urls and not (folder / entry.path).exists()]


def describe(missing: list[Entry], *, folder: str | Path, mirror: str) -> str:
    """Lines with path, size and addresses of every file, and the sum of the sizes."""
    lines = []
    for entry in missing:
        lines.append(f"  {Path(folder, entry.path)} ({spelt(entry.size)})")
        lines += [f"    {url}" for url in sources(entry, mirror)]
    known = [entry.size for entry in missing if entry.size]
    unknown = len(missing) - len(known)
    total = spelt(sum(known)) if known else "size unknown"
    more = f" and {unknown} of unknown size" if known and unknown else ""
    return "\n".join([f"{len(missing)} file(s), {total}{more}:", *lines])


def wrong_sizes(
    paths: Iterable[str], entries: Mapping[str, Entry], folder: str | Path
) -> list[str]:
    """Files that are there, but not of the size that the table says."""
    found = []
    for path in paths:
        file, size = Path(folder, path), entries[path].size
        if size and file.is_file() and file.stat().st_size != size:
            found.append(
                f"{file} has {file.stat().st_size:,} bytes, the one in the table {size:,}. Delete "
                "it, and it is downloaded again."
            )
    return found
