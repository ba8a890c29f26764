"""Matrix Market folders of 10x Genomics, and what GEO makes of them."""

import gzip
import io
import logging
import zlib
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from multiome2vec.errors import UserError
from multiome2vec.io.files import is_gzip, require_file
from multiome2vec.io.text_counts import read_features, read_names

if TYPE_CHECKING:
    from anndata import AnnData

logger = logging.getLogger(__name__)

MATRIX = "matrix.mtx"
BARCODES = ("barcodes.tsv", "barcodes.txt", "barcodes.csv")
FEATURES = ("features.tsv", "genes.tsv", "peaks.bed", "regions.bed", "features.csv")


def read_folder(path: str, *, entries: int | None) -> "AnnData":
    """Read matrix.mtx, barcodes.tsv and features.tsv (or genes.tsv, or peaks.bed), plain or gzip.

    features.csv and barcodes.csv are tables with a header.

    Parameters
    ----------
    path
        Folder, whose files may share a prefix (``GSM1_sample_matrix.mtx.gz``); or the matrix in a
        folder of several samples.
    entries
        Entries read at most, the others count as zero; None for all.

    Raises
    ------
    UserError
        If a file is missing, there are several samples, or the numbers do not fit.
    """
    import anndata as ad
    from scipy.io import mmread

    matrix_file, prefix = _matrix_file(Path(path))
    barcodes = _read(read_names, _beside(matrix_file, prefix, BARCODES)).to_numpy()
    features = _read(read_features, _beside(matrix_file, prefix, FEATURES))
    try:
        matrix = mmread(matrix_file if entries is None else _head(matrix_file, entries)).tocsr()
    except ValueError as error:
        raise UserError(f"{matrix_file} is damaged: {error}.", remedy="Fetch it again.") from None
    expected = (len(features), len(barcodes))
    if matrix.shape == expected[::-1] and expected[0] != expected[1]:
        logger.warning("%s is transposed (cells × features): it is turned.", matrix_file)
    elif matrix.shape == expected:
        matrix = matrix.T.tocsr()
    else:
        raise UserError(
            f"{matrix_file} has {matrix.shape[0]} rows and {matrix.shape[1]} columns, but there "
            f"are {expected[0]} features and {expected[1]} barcodes beside it.",
            remedy="Fetch the three files again: they must be of one run.",
        )
    return ad.AnnData(matrix, obs=pd.DataFrame(index=barcodes), var=features)


def _matrix_file(path: Path) -> tuple[Path, str]:
    """Matrix and what stands before ``matrix.mtx`` in its name."""
    if not path.is_dir():
        prefix, found, _ = require_file(path).name.rpartition(MATRIX)
        if not found:
            raise UserError(f"{path} is neither a folder nor a file ...{MATRIX}.")
        return path, prefix
    found = sorted([*path.glob(f"*{MATRIX}"), *path.glob(f"*{MATRIX}.gz")])
    plain = [file for file in found if file.name.startswith(MATRIX)]
    found = plain or found
    if not found:
        there = ", ".join(sorted(file.name for file in path.iterdir())[:5]) or "nothing"
        raise UserError(
            f"{path} has no {MATRIX} (or {MATRIX}.gz); it holds {there}.",
            remedy="Name the folder that holds matrix, barcodes and features.",
        )
    prefixes = sorted({file.name.rpartition(MATRIX)[0] for file in found})
    if len(prefixes) > 1:
        raise UserError(
            f"{path} holds several samples: {', '.join(prefixes)}.",
            remedy=f"Give each a row of the sample sheet that names its matrix: {found[0]}",
        )
    return require_file(found[0]), prefixes[0]


def _beside(matrix: Path, prefix: str, names: tuple[str, ...]) -> Path:
    """First file of these names, with the matrix's prefix, plain or gzip."""
    for name in names:
        for ending in ("", ".gz"):
            file = matrix.with_name(f"{prefix}{name}{ending}")
            if file.exists():
                return require_file(file)
    raise UserError(
        f"{matrix.parent} has no {prefix}{names[0]} (or {prefix}{names[0]}.gz).",
        remedy=f"It belongs to {matrix.name}; {' or '.join(names[1:])} would do as well.",
    )


def _read(reader: Callable, path: Path):
    """Read a table beside the matrix."""
    try:
        return reader(path)
    except (EOFError, OSError, ValueError, zlib.error) as error:
        raise UserError(f"{path} cannot be read ({error}).", remedy="Fetch it again.") from None


def _head(path: Path, entries: int) -> io.BytesIO | Path:
    """Beginning of a matrix file as a file of its own; the file itself if it is no longer."""
    opener = gzip.open if is_gzip(path) else open
    with opener(path, "rb") as file:
        head = [file.readline()]
        while (line := file.readline()).startswith(b"%"):
            head.append(line)
        rows, columns, total = (line.split() + [b"0"] * 3)[:3]
        if not total.isdigit() or int(total) <= entries:
            return path
        head.append(b"%s %s %d\n" % (rows, columns, entries))
        return io.BytesIO(b"".join([*head, *islice(file, entries)]))
