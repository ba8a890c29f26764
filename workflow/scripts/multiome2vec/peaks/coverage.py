"""Genome coverage of a pseudobulk as bigWig."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from multiome2vec.io.atomic import atomic_path


def coverage(start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Depth of intervals along one chromosome.

    Parameters
    ----------
    start, end
        Half-open intervals, any order.

    Returns
    -------
    tuple
        Starts, ends and depths (int64) of the stretches of constant depth above zero, in order.
    """
    position = np.concatenate([start, end])
    step = np.concatenate([np.ones(len(start), np.int64), -np.ones(len(end), np.int64)])
    edges, inverse = np.unique(position, return_inverse=True)
    change = np.bincount(inverse, weights=step, minlength=len(edges)).astype(np.int64)
    changes = np.flatnonzero(change)
    edges, depth = edges[changes], np.cumsum(change[changes])
    covered = np.flatnonzero(depth[:-1] > 0)
    return edges[covered], edges[covered + 1], depth[covered]


def write_bigwig(fragments: str | Path, path: str | Path, *, chrom_sizes: pd.Series) -> None:
    """Write fragment depth per million fragments (CPM) of one pseudobulk.

    Parameters
    ----------
    fragments
        Plain TSV whose first columns are chrom, start, end; each row counts once.
    path
        bigWig file to make. Bases without fragments have no entry.
    chrom_sizes
        Lengths (bp) of all chromosomes that occur.
    """
    import pyBigWig

    with atomic_path(path) as partial:
        track = pyBigWig.open(str(partial), "w")
        track.addHeader([(name, int(size)) for name, size in chrom_sizes.items()])
        by_chrom = list(_by_chromosome(fragments, chrom_sizes.index))
        per_million = 1e6 / max(sum(len(start) for _, start, _ in by_chrom), 1)
        for chrom, start, end in by_chrom:
            starts, ends, depth = coverage(start, end)
            names = np.full(len(starts), chrom)
            track.addEntries(names, starts, ends=ends, values=depth * per_million)
        track.close()


def _by_chromosome(
    fragments: str | Path, chromosomes: pd.Index
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, starts and ends of each chromosome that has fragments, in the order given."""
    import polars as pl

    table = pl.read_csv(
        fragments,
        separator="\t",
        has_header=False,
        columns=[0, 1, 2],
        new_columns=["chrom", "start", "end"],
        schema_overrides=[pl.Enum(list(chromosomes)), pl.Int32, pl.Int32],
    )
    parts = table.partition_by("chrom", as_dict=True)
    for chrom in chromosomes:
        if (chrom,) in parts:
            part = parts[(chrom,)]
            yield chrom, part["start"].to_numpy(), part["end"].to_numpy()
