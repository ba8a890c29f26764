"""Counts as text, as GEO often has them: a table of features × barcodes, annotated CSV files."""

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError

if TYPE_CHECKING:
    from anndata import AnnData

ROWS = 2000  # of a table that are held as dense numbers at once
#: columns of an annotated table of features, by what they hold
NAMES = ("gene_short_name", "gene_name", "symbol")
IDS = ("gene_id", "id")


def read_text_table(path: str) -> "AnnData":
    """Read a table of features × barcodes: tabs (commas in a ``.csv``), plain or gzip.

    The header has the barcodes, with or without a name in front for the column of features. Zeros
    are not kept: the matrix is sparse, and a block of rows at most is ever dense.

    Raises
    ------
    UserError
        If rows and header do not fit together, or a value is no number.
    """
    import anndata as ad
    import scipy.sparse as sp

    blocks, features = [], []
    for block in _blocks(path):
        features += list(block.index)
        blocks.append(sp.csr_matrix(block.to_numpy(np.float32)))
    if not blocks:
        raise UserError(f"{path} has no rows: it is no table of features × barcodes.")
    barcodes, width = _header(path), blocks[0].shape[1]
    if len(barcodes) == width + 1:
        barcodes = barcodes[1:]
    if len(barcodes) != width:
        raise UserError(
            f"{path}: its header names {len(barcodes)} barcodes, its rows have {width} values."
        )
    matrix = sp.vstack(blocks, format="csr").T.tocsr()
    return ad.AnnData(matrix, obs=pd.DataFrame(index=barcodes), var=pd.DataFrame(index=features))


def _header(path: str) -> list[str]:
    with _open(path) as lines:
        return next(csv.reader(lines, delimiter=_separator(path)), [])


def _blocks(path: str) -> Iterator[pd.DataFrame]:
    """Yield the rows after the header, some at a time, all of them numbers."""
    try:
        with pd.read_csv(
            path, sep=_separator(path), header=None, skiprows=1, index_col=0, dtype={0: str},
            na_filter=False, chunksize=ROWS,
        ) as blocks:  # fmt: skip
            for block in blocks:
                odd = block.select_dtypes(exclude="number").columns
                if len(odd):
                    values = pd.to_numeric(block[odd[0]], errors="coerce")
                    name = block.index[int(values.isna().argmax())]
                    raise UserError(
                        f"{path}: the row '{name}' lacks values, or has some that are no numbers. "
                        "A table may hold names of features in the first column, and counts."
                    )
                yield block
    except pd.errors.EmptyDataError:
        return
    except pd.errors.ParserError as error:
        raise UserError(f"{path} is no table: {str(error).strip()}.") from None


def read_names(path: Path) -> pd.Series:
    """Barcodes of a list without header, or of the first column of a CSV file with one."""
    return _table(path).iloc[:, 0]


def read_features(path: Path) -> pd.DataFrame:
    """Features by name: of a 10x table or BED file, or of a CSV file with a header.

    Returns
    -------
    pandas.DataFrame
        Index: names of genes (their ids where there are none), or ``chrom:start-end``. Columns
        gene_id and feature_types, where known.
    """
    table = _table(path)
    if _is_csv(path):
        return _annotated(table)
    if table.shape[1] >= 3 and table[1].str.isdigit().all() and table[2].str.isdigit().all():
        return pd.DataFrame(index=(table[0] + ":" + table[1] + "-" + table[2]).to_numpy())
    names = table[1] if table.shape[1] > 1 else table[0]
    var = pd.DataFrame({keys.GENE_ID: table[0].to_numpy()}, index=names.to_numpy())
    if table.shape[1] > 2:
        var[keys.FEATURE_TYPES] = table[2].to_numpy()
    return var


def _annotated(table: pd.DataFrame) -> pd.DataFrame:
    """Features of a table with a header: regions by their place, genes by name and id."""
    if {"chr", "start", "end"} <= set(table.columns):
        return pd.DataFrame(
            index=(table["chr"] + ":" + table["start"] + "-" + table["end"]).to_numpy()
        )
    ids = next((table[name] for name in IDS if name in table), table.iloc[:, 0])
    names = next((table[name] for name in NAMES if name in table), ids)
    return pd.DataFrame({keys.GENE_ID: ids.to_numpy()}, index=names.to_numpy())


def _table(path: Path) -> pd.DataFrame:
    """All columns as text; a CSV file has a header, others have none."""
    if _is_csv(path):
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    return pd.read_csv(path, sep="\t", header=None, dtype=str)


def _separator(path: str) -> str:
    return "," if _is_csv(path) else "\t"


def _is_csv(path: str | Path) -> bool:
    return Path(str(path).removesuffix(".gz")).suffix == ".csv"


def _open(path: str):
    with open(path, "rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rt", newline="") if compressed else open(path, newline="")
