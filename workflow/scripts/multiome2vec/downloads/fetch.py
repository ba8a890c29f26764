"""A file of the catalogue into its place: every mirror, every check, one rename."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from multiome2vec.downloads.content import Sums, digest, require_sums, require_whole_gzip
from multiome2vec.downloads.manifest import NAME, Manifest
from multiome2vec.downloads.part import Part
from multiome2vec.downloads.progress import Progress
from multiome2vec.downloads.source import Refused
from multiome2vec.downloads.transfer import Settings, transfer
from multiome2vec.downloads.units import spelt
from multiome2vec.errors import UserError
from multiome2vec.io.catalogue import Entry

logger = logging.getLogger(__name__)


def fetch(
    entry: Entry, folder: str | Path, *, settings: Settings, terminal: TextIO | None = None
) -> Path:
    """Download a file.

    Its mirrors are tried in their order. What comes must have the size and the sums of the table,
    or, where none are published, those of its first download (``manifest.tsv``).

    Parameters
    ----------
    entry
        Of the catalogue.
    folder
        Of downloads: the file goes to ``folder / entry.path``.
    settings
        How patient to be.
    terminal
        Where a bar is shown, if it is a terminal.

    Returns
    -------
    pathlib.Path
        Of the file.

    Raises
    ------
    UserError
        If no mirror gives it: why not, for each. Then nothing is at its path; bytes that are good
        so far stay beside it, for the next time.
    """
    folder = Path(folder)
    target, manifest = folder / entry.path, Manifest(folder)
    refusals: list[tuple[str, str]] = []
    with Part(target) as part:
        progress = Progress(target.name, terminal=terminal)
        for url in sources(entry, settings.mirror):
            try:
                sums = _from(url, part, entry, manifest, settings, progress)
            except Refused as error:
                logger.warning("%s: %s", url, error)
                refusals.append((url, str(error)))
                continue
            manifest.record(entry.path, size=part.size, sha256=sums.sha256, url=url)
            part.finish()
            logger.info("%s: sha256 %s, from %s", target, sums.sha256, url)
            return target
        raise UserError(_explain(entry, target, refusals, part.size))


def sources(entry: Entry, mirror: str) -> Iterator[str]:
    """Where a file can come from: the mirror that stands for all, or its own URLs."""
    if mirror:
        yield f"{mirror.rstrip('/')}/{entry.path}"
    else:
        yield from entry.urls


def _from(
    url: str, part: Part, entry: Entry, manifest: Manifest, settings: Settings, progress: Progress
) -> Sums:
    """Fill the part with the whole file, return its sums; a resumed one gets a second chance."""
    while True:
        at_once = transfer(url, part, entry=entry, settings=settings, progress=progress)
        try:
            return _check(part, entry, manifest)
        except Refused as error:
            part.drop()
            if at_once:
                raise
            logger.warning("%s: %s; downloading it anew, in one go", url, error)


def _check(part: Part, entry: Entry, manifest: Manifest) -> Sums:
    """Hold a whole file against the table, or against its first download.

    Raises
    ------
    Refused
        If it is another.
    """
    if entry.size and part.size != entry.size:
        raise Refused(f"it has {part.size:,} bytes, the one in the table {entry.size:,}")
    sums = digest(part.path)
    require_sums(sums, entry)
    if entry.sha256 or entry.md5:
        return sums
    before = manifest.sha256(entry.path)
    if before and before != sums.sha256:
        raise Refused(
            f"its sha256 is {sums.sha256}, but it was {before} when it was first downloaded. If "
            "the provider has replaced the file and you want the new one, delete its line "
            f"({entry.path}) from {manifest.path} and run the same command again"
        )
    if not before and entry.path.endswith((".gz", ".tgz")):
        require_whole_gzip(part.path)
    return sums


def _explain(entry: Entry, target: Path, refusals: list[tuple[str, str]], kept: int) -> str:
    lines = [f"{target} ({spelt(entry.size)}) could not be downloaded:"]
    lines += [f"  {url}: {why}" for url, why in refusals]
    if kept:
        lines.append(f"{spelt(kept)} are kept: run the same command again to go on from there.")
    hosts = " or ".join(dict.fromkeys(urlsplit(url).netloc or url for url, _ in refusals))
    lines.append(
        f"If this machine does not reach {hosts}, put the file there by hand, or download it where "
        "there is a connection (snakemake fetch_all) and set downloads.mirror to that folder of "
        f"downloads (docs/datasets.md). {NAME} beside it tells the sums."
    )
    return "\n".join(lines)
