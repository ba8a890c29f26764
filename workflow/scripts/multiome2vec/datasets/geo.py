"""A series of NCBI GEO: its supplementary files, and the chosen ones as a dataset."""

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from multiome2vec.datasets.draft import DOWNLOADS, Draft, assembly_in, undeclared
from multiome2vec.datasets.names import Guess, guess, matrix_folder, sample_key, samples_of
from multiome2vec.datasets.remote import NotThere, RemoteFile, Server
from multiome2vec.downloads.units import spelt
from multiome2vec.errors import UserError
from multiome2vec.io.catalogue import COLUMNS

ACCESSION = re.compile(r"GSE[1-9]\d*")
LICENCE = "as stated by the submitters"
#: assembly that data of a species are most often aligned to
SPECIES = {"Homo sapiens": "hg38", "Mus musculus": "mm10"}
_ODD = re.compile(r"[^A-Za-z0-9_.-]+")
_MATRIX = re.compile(r"_series_matrix\.txt\.gz$")


@dataclass
class Series:
    """What GEO has of a series.

    Attributes
    ----------
    files
        Supplementary files: of the series, members of its archives, files of its samples.
    titles
        Of samples by accession.
    species
        Of the samples.
    """

    accession: str
    files: list[RemoteFile] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    species: set[str] = field(default_factory=set)


def read_series(accession: str, server: Server, *, samples: bool) -> Series:
    """List the supplementary files of a series.

    Parameters
    ----------
    samples
        Whether to look through the folder of every sample as well.

    Raises
    ------
    UserError
        If there is no such series or it has no supplementary files, or the server does not answer.
    """
    if not ACCESSION.fullmatch(accession):
        raise UserError(f"'{accession}' is no accession of a series of GEO, such as GSE194122.")
    series = Series(accession)
    home = f"series/{bucket(accession)}/{accession}"
    _read_titles(series, home, server)
    try:
        series.files = server.folder(f"{home}/suppl")
        series.files += server.members(f"{home}/suppl")
    except NotThere:
        _require_series(accession, home, server)
    if samples:
        _add_samples(series, server)
    if not series.files:
        raise UserError(
            f"{accession} has no supplementary files of its own. Its samples may have some "
            "(--samples); else the raw reads alone are there (SRA)."
        )
    return series


def bucket(accession: str) -> str:
    """Folder that an accession is in: GSE194122 in GSE194nnn, GSE12 in GSEnnn."""
    return accession[:3] + accession[3:-3] + "nnn"


def _require_series(accession: str, home: str, server: Server) -> None:
    try:
        server.folder(home)
    except NotThere as error:
        raise UserError(
            f"GEO has no public series {accession} ({error}). Is the accession right, and released?"
        ) from None


def _read_titles(series: Series, home: str, server: Server) -> None:
    """Read titles and species of the samples from the series matrix, or one for every platform."""
    try:
        tables = [file for file in server.folder(f"{home}/matrix") if _MATRIX.search(file.name)]
        lines = [line for table in tables for line in server.lines(table.url)]
    except NotThere:
        return
    names: list[str] = []
    titles: list[str] = []
    for line in lines:
        key, _, rest = line.partition("\t")
        if key in ("!Sample_geo_accession", "!Sample_title", "!Sample_organism_ch1"):
            values = next(csv.reader([rest], delimiter="\t"), [])
            if key == "!Sample_geo_accession":
                names += values
            elif key == "!Sample_title":
                titles += values
            else:
                series.species |= set(values)
    series.titles = dict(zip(names, titles, strict=False))


def _add_samples(series: Series, server: Server) -> None:
    """Add the files in the folders of the samples, in place of the same ones in archives."""
    names = series.titles or dict.fromkeys(
        found[0] for file in series.files if (found := re.match(r"GSM\d+", file.name))
    )
    files = []
    for name in names:
        try:
            files += server.folder(f"samples/{bucket(name)}/{name}/suppl")
        except NotThere:
            continue
    there = {file.name for file in files}
    others = [file for file in series.files if not (file.archive and file.name in there)]
    series.files = others + files


def choose_files(series: Series, patterns: Sequence[str]) -> list[RemoteFile]:
    """Files whose names match any of some patterns (``*.h5``).

    Raises
    ------
    UserError
        If a pattern matches none.
    """
    chosen: dict[str, RemoteFile] = {}
    for pattern in patterns:
        found = [file for file in series.files if fnmatchcase(file.name, pattern)]
        if not found:
            raise UserError(
                f"No file of {series.accession} matches '{pattern}'. It has:\n"
                + listed(series.files)
            )
        chosen |= {file.name: file for file in found}
    return list(chosen.values())


def listed(files: Iterable[RemoteFile]) -> str:
    """Write a line for every file: size, guess, name, archive."""
    lines = []
    for file in files:
        size = spelt(file.size) if file.exact or file.size is None else f"~{spelt(file.size)}"
        inside = f" (in {file.archive})" if file.archive else ""
        lines.append(f"  {size:>14}  {guess(file.name).said:<34} {file.name}{inside}")
    return "\n".join(lines)


def rows_of(series: Series, chosen: Sequence[RemoteFile], server: Server) -> list[dict[str, str]]:
    """Rows of the table of downloads for chosen files, and for the archives that they are in.

    Raises
    ------
    UserError
        If a file cannot be had as it is: a compressed h5ad inside an archive.
    """
    wholes = {file.name: file for file in series.files if file.url}
    rows: dict[str, dict[str, str]] = {}

    def add(name: str, *, url: str, size: int | None, note: str, archive: str) -> None:
        values = (series.accession, name, url, str(size or ""), "", LICENCE, "", note, archive)
        rows.setdefault(name, dict(zip(("dataset", *COLUMNS), values, strict=True)))

    def add_whole(file: RemoteFile, name: str, note: str) -> None:
        if name not in rows:
            size = file.size if file.exact else server.size(file.url)
            add(name, url=file.url, size=size, note=note, archive="")

    for file in chosen:
        found = guess(file.name)
        name, note = local_name(file.name, found), f"kind guessed from the name: {found.said}"
        packed = found.kind == "h5ad" and file.name.endswith(".gz")
        if file.url and not packed:
            add_whole(file, name, note)
        elif file.url:
            add_whole(file, file.name, "compressed")
            add(name, url="", size=None, note=note, archive=file.name)
        elif packed or file.archive not in wholes:
            raise UserError(
                f"{file.name} cannot be taken out of {file.archive} directly. Add --samples, to "
                "find it in the folder of its sample."
            )
        else:
            add_whole(wholes[file.archive], file.archive, "archive")
            note = f"{note}; member: {file.name}"
            add(name, url="", size=file.size, note=note, archive=file.archive)
    return list(rows.values())


def local_name(name: str, found: Guess) -> str:
    """Name of a file below the folder of downloads.

    Parts of a matrix go to a folder, under the names that these have there; a compressed h5ad is
    unpacked.
    """
    if found.column == "part":
        ending = ".gz" if name.endswith(".gz") else ""
        return f"{_ODD.sub('_', matrix_folder(found.sample))}/{found.kind}{ending}"
    if found.kind == "h5ad":
        name = name.removesuffix(".gz")
    return _ODD.sub("_", name).lstrip("_.-")


def draft_of(series: Series, chosen: Sequence[RemoteFile], *, assembly: str = "") -> Draft:
    """Sample sheet of the chosen files, as far as their names tell.

    Parameters
    ----------
    assembly
        Entry of ``assemblies``; empty to go by names of files and species.

    Raises
    ------
    UserError
        If no file is of a kind that the sheet has.
    """
    folder = f"{DOWNLOADS}/{series.accession}"
    names = [file.name for file in chosen]
    samples = samples_of(names, default=series.accession)
    if not samples:
        raise UserError(
            "None of the chosen files is called like a matrix of cells (h5, h5ad, all three of "
            f"matrix.mtx, barcodes.tsv and features.tsv) or like fragments:\n{listed(chosen)}"
        )
    rows, notes = [], []
    for key, sample in sorted(samples.items()):
        row = sample.row(_ODD.sub("_", key).strip("_.-") or series.accession)
        for column in ("rna", "fragments", "atac"):
            if column in row:
                is_folder = row.get(f"{column}_kind") in ("10x_mtx", "mtx")
                found = Guess("", "", "", "") if is_folder else guess(row[column])
                row[column] = f"{folder}/{local_name(row[column], found)}"
        title = _titles(series, key, names)
        rows.append(row | ({"geo_title": title} if title else {}))
    notes.append("samples, and which files belong together, from the names of the files")
    if any(row.get("rna_kind") == "h5ad" for row in rows):
        notes.append("an h5ad with ATAC as well: name it in column atac too (atac_kind h5ad)")
    notes += undeclared(rows)
    if unused := [file.name for file in chosen if not guess(file.name).column]:
        notes.append(f"downloaded, but not in the sample sheet: {', '.join(unused)}")
    if not assembly:
        species = ", ".join(sorted(series.species))
        assembly = assembly_in(*names) or SPECIES.get(species, "")
        notes.append(
            f"assembly {assembly or 'unknown'}, from names of files and species ({species or '?'})"
        )
    return Draft(series.accession, rows, assembly, notes)


def _titles(series: Series, key: str, names: Iterable[str]) -> str:
    """Titles of the samples of GEO that a sample is made of."""
    found = dict.fromkeys(
        series.titles[accession[0]]
        for name in names
        if sample_key(guess(name).sample) == key
        and (accession := re.match(r"GSM\d+", name))
        and accession[0] in series.titles
    )
    return " / ".join(title.replace("\t", " ") for title in found)


def table_text(rows: Sequence[dict[str, str]]) -> str:
    """Rows as a table of downloads."""
    columns = ("dataset", *COLUMNS)
    lines = [columns, *([row[name] for name in columns] for row in rows)]
    return "".join("\t".join(line) + "\n" for line in lines)


def write_paths(out: Path, accession: str) -> dict[str, Path]:
    """Where table, sample sheet and configuration go."""
    ends = {"tables": "datasets.tsv", "sheet": "samples.tsv", "config": "yaml"}
    return {name: out / f"{accession}.{end}" for name, end in ends.items()}
