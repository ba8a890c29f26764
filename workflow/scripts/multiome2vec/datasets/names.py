"""What a file is, guessed from its name as 10x Genomics and GEO's submitters choose them."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

COUNTING = "insertion"  # what Cell Ranger's matrices of peaks count
TABLE = "table"  # kind of counts as text, of RNA and of ATAC
WHOLE, UNFILTERED, PERHAPS = range(3)  # rank of files among those of one sample and column


@dataclass(frozen=True)
class Guess:
    """What a file is taken for.

    Attributes
    ----------
    column
        Of the sample sheet; ``part`` for a file of a matrix folder, ``archive``; empty where the
        workflow has no use for it.
    kind
        ``rna_kind`` or ``atac_kind``; the name inside the folder for a part.
    sample
        What stands before the telling part of the name.
    said
        In words.
    rank
        Of several files of a sample, the one with the least is taken.
    """

    column: str
    kind: str
    sample: str
    said: str
    rank: int = WHOLE


_RULES = [
    (re.compile(pattern, re.IGNORECASE), *rest)
    for pattern, *rest in (
        (r"\.(tbi|csi|bai|md5|sha256)$", "", "", "index or checksum", WHOLE),
        (r"fragments?([._-]\w+)*\.(tsv|bed|txt)(\.b?gz)?$", "fragments", "", "fragments", WHOLE),
        (r"filtered_peak_bc_matrix\.h5$", "atac", "10x_h5", "matrix of peaks (10x)", WHOLE),
        (r"raw_peak_bc_matrix\.h5$", "atac", "10x_h5", "unfiltered matrix of peaks", UNFILTERED),
        (
            r"(sample_)?filtered_(feature_bc_matrix|gene_bc_matri(x|ces)(_h5)?)\.h5$",
            *("rna", "10x_h5", "matrix of genes (10x)", WHOLE),
        ),
        (
            r"(sample_)?raw_(feature_bc_matrix|gene_bc_matri(x|ces)(_h5)?)\.h5$",
            *("rna", "10x_h5", "unfiltered matrix of genes (10x)", UNFILTERED),
        ),
        (r"matrix\.mtx(\.gz)?$", "part", "matrix.mtx", "part of a matrix folder", WHOLE),
        (r"barcodes\.tsv(\.gz)?$", "part", "barcodes.tsv", "part of a matrix folder", WHOLE),
        (r"features\.tsv(\.gz)?$", "part", "features.tsv", "part of a matrix folder", WHOLE),
        (r"genes\.tsv(\.gz)?$", "part", "genes.tsv", "part of a matrix folder", WHOLE),
        (r"peaks\.bed(\.gz)?$", "part", "peaks.bed", "part of a matrix folder", WHOLE),
        (r"\.h5ad(\.gz)?$", "rna", "h5ad", "AnnData, of one or more modalities", PERHAPS),
        (r"\.h5$", "rna", "10x_h5", "HDF5, perhaps a 10x matrix", PERHAPS),
        (r"\.(tar|tar\.gz|tgz|zip)$", "archive", "", "archive", WHOLE),
        (r"\.(rds|rdata|robj)(\.gz)?$", "", "", "R object: not read", WHOLE),
        (
            r"(?<![a-z])(counts?|umis?|dge)(?![a-z])[^/]*\.(csv|tsv|txt)(\.gz)?$",
            *("rna", TABLE, "table of counts, perhaps", PERHAPS),
        ),
        (r"\.(csv|tsv|txt|xlsx?)(\.gz)?$", "", "", "table", WHOLE),
        (r"\.(bw|bigwig|bed|narrowpeak|broadpeak)(\.gz)?$", "", "", "track or regions", WHOLE),
    )
]
#: words that tell a library of a sample from its other ones, and not samples apart
_LIBRARY = (
    "(sc|sn)?(rna|atac)(seq)?|gex|(sc|sn)?multiome|cdna|gene|expression|10x|arc|chromatin|"
    "accessibility|count|counts|cellranger"
)
_WORD = re.compile(rf"(?<![A-Za-z0-9])({_LIBRARY})(?![A-Za-z0-9])", re.IGNORECASE)
_ATAC = re.compile(r"atac|peak|chromatin", re.IGNORECASE)
#: tables that are called after counts and hold something else
_NO_COUNTS = re.compile(
    r"meta_?data|annot|summar|stats?(?![a-z])|normali[sz]ed|(?<![a-z])log|[tcfr]pk?m", re.IGNORECASE
)
_GSM = re.compile(r"GSM\d+")


def guess(name: str) -> Guess:
    """Guess what a file is from its name alone."""
    for pattern, column, kind, said, rank in _RULES:
        if found := pattern.search(name):
            if kind == TABLE and _NO_COUNTS.search(name):
                continue
            if kind == TABLE and _ATAC.search(name):
                column = "atac"
            return Guess(column, kind, name[: found.start()].rstrip("._-"), said, rank)
    return Guess("", "", name, "unknown")


@dataclass
class Sample:
    """Files of one sample by column of the sheet."""

    files: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)

    def add(self, column: str, path: str, *, kind: str, rank: int) -> None:
        """Take a file if it is better than the one that is there."""
        if rank < self.ranks.get(column, PERHAPS + 1):
            self.files[column], self.kinds[column], self.ranks[column] = path, kind, rank

    def row(self, name: str) -> dict[str, str]:
        """Row of the sample sheet."""
        row = {"sample": name}
        for column in ("rna", "fragments", "atac"):
            if column not in self.files or (column == "atac" and "fragments" in self.files):
                continue
            row[column] = self.files[column]
            if column != "fragments":
                row[f"{column}_kind"] = self.kinds[column]
        if "atac" in row and self.kinds["atac"] != TABLE:
            row["counting"] = COUNTING
        return row


def sample_key(prefix: str) -> str:
    """Find what the names of the libraries of one sample have in common.

    Without the accession of GEO, which differs between RNA and ATAC, and words such as RNA.
    """
    accession = _GSM.match(prefix)
    rest = _WORD.sub("", _GSM.sub("", prefix, count=1))
    rest = re.sub(r"[._-]{2,}", "_", rest).strip("._-")
    return rest or (accession[0] if accession else "")


def samples_of(paths: Iterable[str], *, default: str) -> dict[str, Sample]:
    """Group files to samples by their names.

    Parameters
    ----------
    paths
        Files; a triple of matrix, barcodes and features counts as the folder
        :func:`matrix_folder`.
    default
        Name of the sample where names do not tell.
    """
    samples: dict[str, Sample] = defaultdict(Sample)
    parts: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        found = guess(path.rpartition("/")[2])
        if found.column == "part":
            parts[found.sample].add(found.kind)
        elif found.column and found.column != "archive":
            name = sample_key(found.sample) or default
            samples[name].add(found.column, path, kind=found.kind, rank=found.rank)
    for prefix, kinds in parts.items():
        if {"matrix.mtx", "barcodes.tsv"} <= kinds and kinds & {
            "features.tsv", "genes.tsv", "peaks.bed",
        }:  # fmt: skip
            atac = "peaks.bed" in kinds or bool(_ATAC.search(prefix))
            column, kind = ("atac", "mtx") if atac else ("rna", "10x_mtx")
            name = sample_key(prefix) or default
            samples[name].add(column, matrix_folder(prefix), kind=kind, rank=WHOLE)
    return {name: found for name, found in samples.items() if found.files}


def matrix_folder(prefix: str) -> str:
    """Folder for the files of a matrix that share a prefix."""
    return prefix or "matrix"
