"""Checks of an assembly: do its files belong together, and which build is it."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pandas as pd

from multiome2vec.errors import UserError
from multiome2vec.io.chromosome_names import read_chromosome_names, require_known
from multiome2vec.io.chromosomes import describe, kinds_of
from multiome2vec.io.files import is_gzip, require_file
from multiome2vec.io.regions import read_bed
from multiome2vec.preflight.builds import build_of_sizes
from multiome2vec.preflight.findings import INFO, OK, WARNING, Findings

CHECK = "reference"
CONFIG = "assemblies of the config"
LINES = 200_000  # of an annotation that are looked at
CHUNK = 1 << 24
#: where a line of a table has chromosome and end
_PLACES = {"gtf": (0, 4), "tss": (0, 2), "blacklist": (0, 2)}


@dataclass
class Reference:
    """What other checks need to know of the assembly.

    Attributes
    ----------
    sizes
        Length (bp) by chromosome; empty if it is not known.
    titles
        What follows a name in the headers of the sequence.
    names
        Translations of chromosome names.
    build
        hg38, mm10, ...; empty if it is none of the known ones.
    sites
        Chromosome and place (0-based) of transcription start sites.
    """

    sizes: dict[str, int] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    build: str = ""
    sites: pd.DataFrame | None = None

    def translated(self, values: Mapping[str, int]) -> dict[str, int]:
        """Give values by the assembly's names."""
        return {self.names.get(name, name): value for name, value in values.items()}


def check_reference(
    assembly: Mapping[str, str | None],
    findings: Findings,
    *,
    index: str | None = None,
    lacking: str = WARNING,
) -> Reference:
    """Check sequence, annotation and blacklist of an assembly.

    Parameters
    ----------
    assembly
        Entry of ``assemblies``; files that are not there yet are None.
    findings
        Gets the rows.
    index
        Index (.fai) of the sequence made by an earlier run, which saves reading it.
    lacking
        Severity of there being no sequence and no lengths; empty if they are to come.
    """
    found = Reference()
    table = assembly["chromosome_names"]
    if table:
        with findings.check("chromosome_names", file=table):
            found.names = read_chromosome_names(table)
            findings.add(OK, "chromosome_names", f"{len(found.names)} to translate", file=table)
    source = assembly["fasta"] or assembly["chrom_sizes"]
    if source is None:
        if lacking:
            findings.add(
                lacking, CHECK, "No fasta and no chrom_sizes: chromosomes are not checked.",
                remedy="Name one of them in the assembly of your config; fragments need it.",
            )  # fmt: skip
        return found
    with findings.check(CHECK, file=source):
        sizes, titles = _sequence(assembly, index)
        found.sizes = found.translated(sizes)
        found.titles = {found.names.get(name, name): title for name, title in titles.items()}
        kinds = kinds_of(
            pd.Series(found.sizes),
            pattern=assembly["standard_chromosomes"],
            mitochondrion=assembly["mitochondrion"],
            titles=found.titles,
        )
        found.build = build_of_sizes(found.sizes)
        text = f"{describe(kinds)}; build {found.build or 'not among those known by their lengths'}"
        findings.add(OK, CHECK, text, file=source)
    for key in _PLACES:
        if assembly[key]:
            with findings.check(CHECK, file=assembly[key]):
                _check_places(assembly[key], key, found, findings)
    if not assembly["gtf"] and not assembly["tss"]:
        findings.add(
            INFO, CHECK, "No gtf and no tss: no TSS enrichment and no gene activity are computed."
        )
    return found


def check_region_set(path: str, found: Reference, findings: Findings) -> None:
    """Check that the places of a BED file are in the assembly."""
    with findings.check("peaks", file=path):
        if found.sizes:
            _check_places(path, "blacklist", found, findings)
        else:
            findings.add(OK, "peaks", f"{len(read_bed(path))} regions", file=path)


def _sequence(assembly, index: str | None) -> tuple[dict[str, int], dict[str, str]]:
    """Lengths and titles of the sequences."""
    if not assembly["fasta"]:
        path = require_file(assembly["chrom_sizes"], named_in=CONFIG)
        table = pd.read_csv(path, sep="\t", header=None, dtype=str, comment="#")
        if table.shape[1] < 2 or not table[1].str.fullmatch(r"[1-9]\d*").all():
            raise UserError(f"{path} does not hold two columns, chromosome and length in bp.")
        return dict(zip(table[0], table[1].astype(int), strict=True)), {}
    path = require_file(assembly["fasta"], named_in=CONFIG)
    if index and Path(index).is_file() and Path(index).stat().st_mtime >= path.stat().st_mtime:
        table = pd.read_csv(index, sep="\t", header=None, dtype={0: str})
        return dict(zip(table[0], table[1], strict=True)), {}
    return read_lengths(path)


def read_lengths(path: str | Path) -> tuple[dict[str, int], dict[str, str]]:
    """Lengths (bp) of the sequences in a FASTA, and what follows their names in the headers.

    Raises
    ------
    UserError
        If it is no FASTA, or cut short.
    """
    sizes: dict[str, int] = {}
    titles: dict[str, str] = {}
    name = ""
    try:
        with gzip.open(path, "rb") if is_gzip(path) else open(path, "rb") as file:
            while chunk := file.read(CHUNK):
                if chunk.rfind(b">") > chunk.rfind(b"\n") or chunk[-1:] == b">":
                    chunk += file.readline()
                bases, *records = chunk.split(b">")
                if name:
                    sizes[name] += _bases(bases)
                elif bases.strip():
                    raise UserError(f"{path} does not begin with '>': it is not FASTA.")
                for record in records:
                    header, _, bases = record.partition(b"\n")
                    name, _, title = header.decode(errors="replace").strip().partition(" ")
                    sizes[name], titles[name] = _bases(bases), title.strip()
    except EOFError:
        raise UserError(f"{path} is cut short.", remedy="Download it again.") from None
    if not sizes:
        raise UserError(f"{path} names no chromosome.", remedy="Is it a FASTA?")
    return sizes, titles


def _bases(text: bytes) -> int:
    return len(text) - text.count(b"\n") - text.count(b"\r")


def _check_places(path: str, key: str, found: Reference, findings: Findings) -> None:
    """Check that a table's chromosomes are known and long enough."""
    chrom, end = _PLACES[key]
    file = require_file(path, named_in=CONFIG)
    with gzip.open(file, "rt") if is_gzip(file) else open(file) as lines:
        rows = (line.rstrip().split("\t") for line in lines if line.strip())
        rows = (row for row in rows if not row[0].startswith(("#", "track", "browser")))
        some = [row for row in islice(rows, LINES) if len(row) > end and row[end].isdigit()]
    if not some:
        raise UserError(
            f"{path} has no lines with a chromosome and a place.", remedy="Is it of its kind?"
        )
    table = pd.DataFrame({"chrom": [row[chrom] for row in some]})
    table["chrom"] = table["chrom"].map(lambda name: found.names.get(name, name))
    table["end"] = [int(row[end]) for row in some]
    require_known(table["chrom"].unique(), found.sizes, path=path, titles=found.titles)
    beyond = table[table["end"] > table["chrom"].map(found.sizes)]
    if len(beyond):
        first = beyond.iloc[0]
        raise UserError(
            f"{path} reaches {first['chrom']}:{first['end']:,}, beyond the "
            f"{found.sizes[first['chrom']]:,} bp of the assembly.",
            remedy="It is of another build: use files of one build.",
        )
    if key != "blacklist" and found.sites is None:
        found.sites = _sites(some, key, table["chrom"])
    findings.add(OK, CHECK, f"{len(some)} lines looked at", file=path)


def _sites(rows: list[list[str]], key: str, chrom: pd.Series) -> pd.DataFrame:
    """Start sites of genes (or of all features where genes have no rows of their own)."""
    if key == "tss":
        place = [int(row[1]) for row in rows]
        return pd.DataFrame({"chrom": chrom, "site": place})
    plus = [row[6] != "-" if len(row) > 6 else True for row in rows]
    place = [int(row[3]) - 1 if up else int(row[4]) - 1 for row, up in zip(rows, plus, strict=True)]
    table = pd.DataFrame({"chrom": chrom, "site": place})
    genes = pd.Series([row[2] == "gene" for row in rows])
    return table[genes] if genes.any() else table
