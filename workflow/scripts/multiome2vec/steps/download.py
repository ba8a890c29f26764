"""Step: a file of the catalogue, downloaded or taken out of an archive."""

from typing import TextIO

from multiome2vec.downloads.fetch import fetch
from multiome2vec.downloads.transfer import Settings
from multiome2vec.downloads.unpack import unpack
from multiome2vec.errors import UserError
from multiome2vec.io.catalogue import Entry, catalogue_entries


def download(
    *,
    path: str,
    folder: str,
    datasets: list[str],
    references: list[str],
    mirror: str,
    retries: int,
    timeout: float,
    terminal: TextIO | None = None,
) -> None:
    """Download a file to ``folder / path``.

    Parameters
    ----------
    path
        Of the catalogue: ``{dataset}/{file}`` or ``references/{assembly}/{file}``.
    folder
        ``resources/downloads``.
    datasets, references
        Tables of downloadable files.
    mirror, retries, timeout
        ``downloads.*`` of the configuration; no mirror is an empty text.
    terminal
        Where a bar is shown, if it is a terminal.
    """
    settings = Settings(retries=retries, timeout=timeout, mirror=mirror)
    fetch(_entry(path, datasets, references), folder, settings=settings, terminal=terminal)


def unpack_download(*, path: str, folder: str, datasets: list[str], references: list[str]) -> None:
    """Take a file out of its archive in ``folder``; parameters as for :func:`download`."""
    unpack(_entry(path, datasets, references), folder)


def _entry(path: str, datasets: list[str], references: list[str]) -> Entry:
    entries = catalogue_entries(datasets, references)
    if path not in entries:
        raise UserError(f"{path} is in none of the tables {', '.join([*datasets, *references])}.")
    return entries[path]
