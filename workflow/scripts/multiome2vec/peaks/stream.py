"""Fragments files read in batches of bounded size, with barcodes and chromosomes as codes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from multiome2vec.errors import UserError

BATCH = 1_000_000  # fragments


@dataclass(frozen=True)
class Batch:
    """Fragments of listed cells on listed chromosomes, in the order of the file.

    Attributes
    ----------
    cell, chrom
        Positions in the lists of barcodes and chromosomes, int64.
    start, end
        Half-open interval, bp, int64. The two transposition sites are ``start`` and ``end - 1``.
    count
        How often the fragment was sequenced, int64 (1 where the file does not say).
    """

    cell: np.ndarray
    chrom: np.ndarray
    start: np.ndarray
    end: np.ndarray
    count: np.ndarray


def stream_fragments(
    path: str | Path, *, barcodes: Sequence[str], chrom_sizes: pd.Series, batch: int = BATCH
) -> Iterator[Batch]:
    """Yield the fragments of ``barcodes`` on the chromosomes of ``chrom_sizes``.

    Parameters
    ----------
    path
        TSV of chrom, start, end, barcode and count, plain, gzip or bgzip.
    barcodes
        Barcodes as the file spells them; fragments of others are left out.
    chrom_sizes
        Lengths (bp) of the chromosomes to read; fragments elsewhere are left out.
    batch
        Fragments per batch, roughly.

    Raises
    ------
    UserError
        If the file cannot be read or a fragment leaves its chromosome.
    """
    import polars as pl

    columns = {"chrom": pl.String, "start": pl.Int64, "end": pl.Int64}
    columns |= {"cell": pl.String, "count": pl.Int64}
    lazy = pl.scan_csv(
        path,
        separator="\t",
        has_header=False,
        schema=columns,
        comment_prefix="#",
        quote_char=None,
        truncate_ragged_lines=True,
    )
    lazy = lazy.with_columns(
        _code(pl, "chrom", chrom_sizes.index), _code(pl, "cell", barcodes)
    ).drop_nulls(["chrom", "cell"])
    try:
        for frame in lazy.collect_batches(chunk_size=batch, maintain_order=True):
            found = {name: frame[name].to_numpy() for name in ("cell", "chrom", "start", "end")}
            found["count"] = frame["count"].fill_null(1).to_numpy()
            part = Batch(**{name: column.astype(np.int64) for name, column in found.items()})
            _check_bounds(part, path, chrom_sizes)
            yield part
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UserError(f"{path} cannot be read as fragments: {error}") from None


def _code(pl, column: str, names: Sequence[str]):
    """Expression: position of each value in ``names``, null where it is not there."""
    return pl.col(column).cast(pl.Enum(list(names)), strict=False).to_physical()


def _check_bounds(part: Batch, path: str | Path, chrom_sizes: pd.Series) -> None:
    outside = (part.end > chrom_sizes.to_numpy()[part.chrom]) | (part.start < 0)
    outside |= part.start >= part.end
    if outside.any():
        row = int(np.flatnonzero(outside)[0])
        chrom = chrom_sizes.index[part.chrom[row]]
        raise UserError(
            f"{path}: fragment {chrom}:{part.start[row]}-{part.end[row]} is empty or leaves its "
            f"chromosome, which has {chrom_sizes[chrom]} bp. Is it another genome build than the "
            "assembly of the configuration?"
        )
