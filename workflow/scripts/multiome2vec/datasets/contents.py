"""A look into the files of a sample: whose barcodes, which modalities, which genome."""

import gzip
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from multiome2vec.datasets.names import Sample
from multiome2vec.errors import UserError
from multiome2vec.io.genome import open_text

LOOKED_AT = 200_000  # lines of fragments
_SUFFIX = re.compile(r"-(\d+)$")


@dataclass
class Contents:
    """What the files of a sample say of themselves.

    Attributes
    ----------
    suffixes
        Numbers that barcodes end in (``-1``), in order; empty where they end otherwise.
    genes, peaks
        Whether the matrix has them; None if it does not say.
    genome
        What matrix or fragments say of their reference.
    partial
        Whether only the first barcodes were looked at (fragments without a matrix).
    """

    suffixes: list[int]
    genes: bool | None = None
    peaks: bool | None = None
    genome: str = ""
    partial: bool = False


def contents_of(sample: Sample) -> Contents:
    """Look into the matrix of a sample, or into its fragments where there is no matrix.

    Raises
    ------
    UserError
        If a file is not what its name says.
    """
    found = Contents([])
    matrix = next((c for c in ("rna", "atac") if c in sample.files), None)
    if matrix and sample.kinds[matrix] == "10x_h5":
        found = _of_h5(sample.files[matrix])
    elif matrix and sample.kinds[matrix] in ("10x_mtx", "mtx"):
        found = Contents(_suffixes(_barcodes_beside(Path(sample.files[matrix]))))
    if "fragments" in sample.files:
        header, barcodes = _of_fragments(sample.files["fragments"])
        found.genome = f"{found.genome} {header}"
        if not matrix:
            found.suffixes, found.partial = _suffixes(barcodes), True
    return found


def _suffixes(barcodes: Iterable[str]) -> list[int]:
    ends = {match[1] if (match := _SUFFIX.search(name)) else "" for name in barcodes}
    return [] if "" in ends else sorted(map(int, ends))


def _of_h5(path: str) -> Contents:
    import h5py

    try:
        with h5py.File(path) as file:
            if "matrix" not in file:
                return Contents([])
            matrix = file["matrix"]
            suffixes = _suffixes(matrix["barcodes"].asstr()[()])
            features = matrix["features"]
            kinds = set(features["feature_type"].asstr()[()])
            genomes = set(features["genome"].asstr()[()]) if "genome" in features else set()
    except (OSError, KeyError) as error:
        raise UserError(
            f"{path} cannot be read as a matrix of 10x Genomics ({error}). Is it whole?"
        ) from None
    return Contents(suffixes, "Gene Expression" in kinds, "Peaks" in kinds, " ".join(genomes))


def _barcodes_beside(path: Path) -> list[str]:
    """Barcodes of a matrix folder, or of the files that share the prefix of a matrix."""
    pattern = "*barcodes.tsv*"
    if not path.is_dir():
        pattern = f"{path.name.partition('matrix.mtx')[0]}barcodes.tsv*"
        path = path.parent
    files = sorted(path.glob(pattern))
    if not files:
        raise UserError(f"{path} has a matrix, but no barcodes.tsv. Is it whole?")
    with open_text(files[0]) as lines:
        return [line.split("\t")[0].strip() for line in lines if line.strip()]


def _of_fragments(path: str) -> tuple[str, list[str]]:
    """Header lines, and barcodes of the first lines."""
    header, barcodes = [], []
    try:
        with open_text(path) as lines:
            for line in islice(lines, LOOKED_AT):
                if line.startswith("#"):
                    header.append(line.strip())
                elif line.count("\t") >= 3:
                    barcodes.append(line.rstrip("\n").split("\t")[3])
    except (EOFError, gzip.BadGzipFile, UnicodeDecodeError) as error:
        raise UserError(f"{path} is cut short or no text ({error}): fetch it again.") from None
    return " ".join(header), barcodes
