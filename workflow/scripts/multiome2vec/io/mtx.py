"""Matrix Market files in the layout of 10x Genomics: features × cells, gzip."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp

from multiome2vec.io.atomic import atomic_path, open_gzip

ENTRIES = 5_000_000  # formatted at once


def write_10x_mtx(
    matrix: sp.csr_matrix, folder: str | Path, *, cells: Sequence[str], features: pd.DataFrame
) -> None:
    """Write ``matrix.mtx.gz``, ``barcodes.tsv.gz`` and ``features.tsv.gz``.

    Parameters
    ----------
    matrix
        CSR, cells × features; stored entries are written, zeros included.
    folder
        Folder of the three files.
    cells
        Names of the rows of ``matrix``.
    features
        One row per column of ``matrix``, columns as 10x orders them (id, name, type, ...).
    """
    folder = Path(folder)
    with atomic_path(folder / "matrix.mtx.gz") as partial, open_gzip(partial) as out:
        field = "integer" if np.issubdtype(matrix.dtype, np.integer) else "real"
        out.write(f"%%MatrixMarket matrix coordinate {field} general\n".encode())
        out.write(f"{matrix.shape[1]} {matrix.shape[0]} {matrix.nnz}\n".encode())
        for start in range(0, matrix.nnz, ENTRIES):
            out.write(_lines(matrix, start, min(start + ENTRIES, matrix.nnz)))
    for name, table in (("barcodes", pd.DataFrame(list(cells))), ("features", features)):
        _write_table(table, folder / f"{name}.tsv.gz")


def _lines(matrix: sp.csr_matrix, start: int, stop: int) -> bytes:
    """Entries start to stop as lines ``feature cell value``, counted from 1."""
    import polars as pl

    cell = np.searchsorted(matrix.indptr, np.arange(start, stop), side="right")
    entries = pl.DataFrame(
        {
            "feature": matrix.indices[start:stop] + 1,
            "cell": cell,
            "value": matrix.data[start:stop],
        }
    )
    return entries.write_csv(separator=" ", include_header=False).encode()


def _write_table(table: pd.DataFrame, path: Path) -> None:
    text = table.to_csv(sep="\t", header=False, index=False, lineterminator="\n")
    with atomic_path(path) as partial, open_gzip(partial) as out:
        out.write(text.encode())
