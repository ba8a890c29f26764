"""Pseudobulks: the fragments of each label in each sample, split in one pass per sample."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.io.file_names import file_names
from multiome2vec.peaks.stream import Batch

#: columns of groups.tsv besides label, sample and reason
SLUG, CELLS, FRAGMENTS, STATUS, PEAKS = "slug", "cells", "fragments", "status", "peaks"


def make_groups(cells: pd.DataFrame) -> pd.DataFrame:
    """Table of label × sample groups, sorted, with a file name for each.

    Parameters
    ----------
    cells
        Columns label and sample, one row per cell.

    Returns
    -------
    pandas.DataFrame
        label, sample, slug (letters, digits, ``_ . -``; unique where case is ignored) and cells.
    """
    sizes = cells.groupby([keys.LABEL, keys.SAMPLE], observed=True, sort=True).size()
    groups = sizes.rename(CELLS).reset_index()
    pairs = zip(groups[keys.LABEL], groups[keys.SAMPLE], strict=True)
    slugs = file_names([f"{label}.{sample}" for label, sample in pairs])
    groups.insert(2, SLUG, slugs)
    return groups


def split_fragments(
    batches: Iterable[Batch],
    *,
    group_of_cell: np.ndarray,
    paths: Mapping[int, Path],
    chromosomes: Sequence[str],
) -> np.ndarray:
    """Append the fragments of each group to its file, in the order they come.

    Parameters
    ----------
    batches
        Fragments of one sample.
    group_of_cell
        Group of each cell that the batches code, -1 for cells of no group.
    paths
        Files of the groups to write: five columns as in a fragments file, the barcode being the
        cell's code.
    chromosomes
        Names that the batches code.

    Returns
    -------
    numpy.ndarray
        Fragments per group, written or not, up to the highest group of a cell; int64.
    """
    fragments = np.zeros(max(group_of_cell, default=-1) + 1, np.int64)
    with ExitStack() as stack:
        files = {group: stack.enter_context(open(path, "ab")) for group, path in paths.items()}
        for batch in batches:
            group = group_of_cell[batch.cell]
            fragments += np.bincount(group[group >= 0], minlength=len(fragments))
            _append(batch, group, files, chromosomes)
    return fragments


def _append(
    batch: Batch, group: np.ndarray, files: Mapping[int, BinaryIO], chromosomes: Sequence[str]
) -> None:
    """Write the fragments of a batch to the files of their groups."""
    import polars as pl

    order = np.argsort(group, kind="stable")
    names = pl.Series(list(chromosomes), dtype=pl.String)
    table = pl.DataFrame(
        {
            "chrom": names.gather(batch.chrom[order]),
            "start": batch.start[order],
            "end": batch.end[order],
            "barcode": batch.cell[order],
            "count": batch.count[order],
        }
    )
    for key, file in files.items():
        first, last = np.searchsorted(group[order], [key, key + 1])
        table.slice(first, last - first).write_csv(file, include_header=False, separator="\t")
