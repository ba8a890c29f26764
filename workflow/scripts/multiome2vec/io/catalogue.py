"""Tables of downloadable files: ``resources/datasets.tsv`` and ``resources/references.tsv``."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import pandas as pd

from multiome2vec.errors import UserError

GROUPS = ("dataset", "assembly")  # first column: of a table of datasets, of references
COLUMNS = ("file", "url", "size", "sha256", "licence", "date", "note", "archive")
OPTIONAL = ("md5",)  # where a provider publishes no SHA-256
REFERENCES = "references"  # folder of the assemblies beside the datasets
SCHEMES = ("http", "https", "ftp", "file")
ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip", ".gz")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_MEMBER = re.compile(r"\bmember: (\S+)")
_FORMS = {
    "size": (re.compile(r"[1-9][0-9]*"), "a number of bytes"),
    "sha256": (re.compile(r"[0-9a-f]{64}"), "64 lower-case hexadecimal digits"),
    "md5": (re.compile(r"[0-9a-f]{32}"), "32 lower-case hexadecimal digits"),
    "date": (re.compile(r"\d{4}(-\d\d){0,2}"), "a date such as 2021-05-03, 2021-05 or 2021"),
}


@dataclass(frozen=True)
class Entry:
    """A downloadable file.

    Attributes
    ----------
    path
        Relative to the folder of downloads: ``{dataset}/{file}``, ``references/{assembly}/{file}``.
    urls
        Mirrors in the order in which they are tried; none for a member of an archive.
    size
        Bytes, None if unknown.
    sha256, md5
        Published checksums, empty if there are none.
    archive
        Path of the archive that this is a member of, or empty.
    member
        Name inside of it.
    """

    path: str
    urls: tuple[str, ...] = ()
    size: int | None = None
    sha256: str = ""
    md5: str = ""
    archive: str = ""
    member: str = ""


def read_catalogue(path: str | Path) -> pd.DataFrame:
    """Read and check a table of downloadable files.

    Returns
    -------
    pandas.DataFrame
        Texts. ``dataset`` or ``assembly``, then :data:`COLUMNS` and :data:`OPTIONAL`; what is not
        known is empty. Rows in the order of the file.

    Raises
    ------
    UserError
        Lists all problems with their row (the header is row 1).
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(
            f"The table of downloads {path} does not exist. Correct downloads.datasets or "
            "downloads.references in your config file."
        )
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, comment="#")
    group = next((name for name in GROUPS if name in table), "")
    missing = [name for name in (group or "dataset", *COLUMNS) if name not in table]
    if missing:
        raise UserError(
            f"The table of downloads {path} lacks the column(s) {', '.join(missing)}; it has "
            f"{', '.join(table.columns)} (tab-separated?)."
        )
    table = table.apply(lambda column: column.str.strip())
    for name in OPTIONAL:
        if name not in table:
            table[name] = ""
    table = table[[group, *COLUMNS, *OPTIONAL]]
    problems = list(_problems(table, group))
    if problems:
        raise UserError(f"The table of downloads {path} is not valid:\n  " + "\n  ".join(problems))
    return table


def catalogue_entries(
    datasets: Iterable[str | Path], references: Iterable[str | Path]
) -> dict[str, Entry]:
    """Entries of several tables by path; a later table overrides an earlier one.

    Raises
    ------
    UserError
        See :func:`read_catalogue`.
    """
    found = {}
    for tables, top in ((datasets, ""), (references, f"{REFERENCES}/")):
        for path in tables:
            table = read_catalogue(path)
            for row in table.to_dict("records"):
                entry = _entry(row, f"{top}{row[table.columns[0]]}")
                found[entry.path] = entry
    return found


def archive_suffix(name: str) -> str:
    """Kind of an archive by its name (the longest suffix that fits); empty if it is none."""
    fitting = [suffix for suffix in ARCHIVES if name.endswith(suffix)]
    return max(fitting, key=len, default="")


def _entry(row: dict[str, str], folder: str) -> Entry:
    named = _MEMBER.search(row["note"])
    return Entry(
        path=f"{folder}/{row['file']}",
        urls=tuple(row["url"].split()),
        size=int(row["size"]) if row["size"] else None,
        sha256=row["sha256"],
        md5=row["md5"],
        archive=f"{folder}/{row['archive']}" if row["archive"] else "",
        member=(named[1] if named else row["file"]) if row["archive"] else "",
    )


def _problems(table: pd.DataFrame, group: str) -> Iterator[str]:
    rows = table.to_dict("records")
    files = {(row[group], row["file"]): row for row in rows}
    seen: dict[tuple[str, str], int] = {}
    for number, row in enumerate(rows, start=2):
        key = (row[group], row["file"])
        if key in seen:
            yield f"row {number}: {' '.join(key)} is in row {seen[key]} already"
        seen.setdefault(key, number)
        for problem in (*_name_problems(row, group), *_form_problems(row)):
            yield f"row {number}: {problem}"
        for problem in _source_problems(row, files.get((row[group], row["archive"]))):
            yield f"row {number}: {problem}"


def _name_problems(row: dict[str, str], group: str) -> Iterator[str]:
    if not NAME.fullmatch(row[group]) or (group == "dataset" and row[group] == REFERENCES):
        yield f"{group} '{row[group]}' cannot be the name of a folder"
    parts = PurePosixPath(row["file"]).parts
    if not parts or not all(NAME.fullmatch(part) for part in row["file"].split("/")):
        yield f"file '{row['file']}' is no relative path of letters, digits, '_', '.' and '-'"


def _form_problems(row: dict[str, str]) -> Iterator[str]:
    for column, (form, said) in _FORMS.items():
        if row[column] and not form.fullmatch(row[column]):
            yield f"{column} '{row[column]}' is not {said}"


def _source_problems(row: dict[str, str], archive: dict[str, str] | None) -> Iterator[str]:
    for url in row["url"].split():
        if not valid_url(url):
            yield f"url '{url}' is none ({', '.join(SCHEMES)}://...)"
    if bool(row["url"]) == bool(row["archive"]):
        yield f"'{row['file']}' needs either a url or the archive that it is taken from"
    if row["archive"] and archive is None:
        yield f"archive '{row['archive']}' is no file of the same dataset"
    elif row["archive"] and not archive["url"]:
        yield f"archive '{row['archive']}' has no url"
    elif row["archive"] and not archive_suffix(row["archive"]):
        yield f"archive '{row['archive']}' is none that can be opened ({', '.join(ARCHIVES)})"


def valid_url(url: str) -> bool:
    """Whether a text is a URL of a kind that can be downloaded."""
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.path.strip("/"):
        return False
    return parts.scheme == "file" or bool(parts.hostname)
