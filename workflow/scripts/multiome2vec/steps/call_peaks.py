"""Step: pseudobulk fragments of every label in every sample, their peaks and their coverage."""

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.atomic import atomic_path, scratch_folder, write_tsv
from multiome2vec.io.chromosomes import read_chromosomes
from multiome2vec.io.regions import read_cells
from multiome2vec.peaks.callers import CALLERS
from multiome2vec.peaks.coverage import write_bigwig
from multiome2vec.peaks.pseudobulk import (
    CELLS,
    FRAGMENTS,
    PEAKS,
    SLUG,
    STATUS,
    make_groups,
    split_fragments,
)
from multiome2vec.peaks.stream import stream_fragments

CALLED, SKIPPED = "called", "skipped"
logger = logging.getLogger(__name__)


def call_peaks(
    *,
    labels: str,
    barcodes: str,
    fragments: Mapping[str, str],
    chromosomes: str,
    table: str,
    folder: str,
    caller: str,
    settings: dict,
    minima: dict,
    threads: int,
) -> None:
    """Call peaks of each label × sample group that is large enough.

    Parameters
    ----------
    labels, barcodes
        ``annotation/labels.tsv`` and ``qc/barcodes.pre.tsv``.
    fragments
        Fragments file of each sample.
    chromosomes
        ``chromosomes.tsv`` of the assembly: peaks are called on the standard ones, whose bases that
        are not N are the effective genome size where the settings give none.
    table, folder
        Outputs: ``groups.tsv`` and the folder of narrowPeak and bigWig files.
    caller, settings
        Name of the peak caller and its section of the configuration.
    minima
        ``cells`` and ``fragments`` below which a group is skipped.
    threads
        Groups called at the same time.

    Raises
    ------
    UserError
        If no group is large enough, or the caller fails.
    """
    known = read_chromosomes(chromosomes)
    sizes = known.standard_sizes
    genome_size = settings.get("genome_size") or known.genome_size
    logger.info("Effective genome size: %d bp", genome_size)
    cells = labelled_cells(barcodes, labels)
    groups = make_groups(cells)
    call = partial(
        CALLERS.get(caller),
        genome_size=genome_size,
        settings=settings,
    )
    with (
        scratch_folder(Path(folder).parent) as scratch,
        atomic_path(folder) as made,
    ):
        made.mkdir()
        groups[FRAGMENTS] = _split(cells, groups, fragments, sizes, scratch, minima[CELLS])
        groups = _judge(groups, minima)
        work = partial(_call_group, scratch=scratch, folder=made, call=call, sizes=sizes)
        called = groups[STATUS] == CALLED
        with ThreadPoolExecutor(threads) as pool:
            groups.loc[called, PEAKS] = list(pool.map(work, groups.loc[called, SLUG]))
    for group in groups[called & (groups[PEAKS] == 0)].itertuples():
        logger.warning("%s: no peak at this q-value", group.slug)
    write_tsv(groups, table, index=False)


def labelled_cells(barcodes: str, labels: str) -> pd.DataFrame:
    """Sample, fragment barcode and label of the pre-kept cells that have fragments."""
    table = read_cells(barcodes)
    cells = table.loc[table[keys.KEEP] & (table[keys.FRAGMENT_BARCODE] != "")]
    cells = cells[[keys.SAMPLE, keys.FRAGMENT_BARCODE]].join(read_cells(labels)[keys.LABEL])
    unlabelled = cells[keys.LABEL].isna() | (cells[keys.LABEL] == "")
    if unlabelled.any():
        logger.warning(
            "%d of %d cells have no label: not in any group", unlabelled.sum(), len(cells)
        )
    return cells[~unlabelled]


def _split(
    cells: pd.DataFrame,
    groups: pd.DataFrame,
    fragments: Mapping[str, str],
    sizes: pd.Series,
    scratch: Path,
    min_cells: int,
) -> np.ndarray:
    """Write the pseudobulks of groups with enough cells; fragments of every group."""
    total = np.zeros(len(groups), np.int64)
    for sample, path in fragments.items():
        own = cells[cells[keys.SAMPLE] == sample]
        if own.empty:
            logger.info("%s: no cells", sample)
            continue
        rows = groups[groups[keys.SAMPLE] == sample]
        row_of_label = pd.Series(rows.index, index=rows[keys.LABEL])
        large = rows[rows[CELLS] >= min_cells]
        found = split_fragments(
            stream_fragments(path, barcodes=list(own[keys.FRAGMENT_BARCODE]), chrom_sizes=sizes),
            group_of_cell=row_of_label.loc[own[keys.LABEL]].to_numpy(np.int64),
            paths={row: scratch / f"{slug}.tsv" for row, slug in large[SLUG].items()},
            chromosomes=sizes.index,
        )
        total[: len(found)] += found
        logger.info("%s: %d fragments of %d cells in pseudobulks", sample, found.sum(), len(own))
    return total


def _judge(groups: pd.DataFrame, minima: dict) -> pd.DataFrame:
    """Add status, reason and peaks; refuse if every group is too small."""
    groups = groups.assign(**{STATUS: CALLED, keys.REASON: "", PEAKS: 0})
    for what in (CELLS, FRAGMENTS):
        small = (groups[what] < minima[what]) & (groups[STATUS] == CALLED)
        too_few = f" {what}, fewer than peaks.min_{what} ({minima[what]})"
        groups.loc[small, STATUS] = SKIPPED
        groups.loc[small, keys.REASON] = groups.loc[small, what].astype(str) + too_few
    for group in groups[groups[STATUS] == SKIPPED].itertuples():
        logger.warning("%s in %s is skipped: %s", group.label, group.sample, group.reason)
    if (groups[STATUS] == SKIPPED).all():
        raise UserError(_all_skipped(groups, minima))
    return groups


def _all_skipped(groups: pd.DataFrame, minima: dict) -> str:
    if groups.empty:
        return "No labelled cell has fragments: there is nothing to call peaks on."
    best = groups.sort_values(FRAGMENTS).iloc[-1]
    return (
        f"No label × sample group has {minima[CELLS]} cells and {minima[FRAGMENTS]} fragments. The "
        f"one with most fragments is '{best[keys.LABEL]}' in sample '{best[keys.SAMPLE]}': "
        f"{best[CELLS]} cells, {best[FRAGMENTS]} fragments. Lower peaks.min_cells or "
        "peaks.min_fragments, use coarser labels, or give regions with peaks.source: bed."
    )


def _call_group(slug: str, *, scratch: Path, folder: Path, call, sizes: pd.Series) -> int:
    """Peaks and coverage of one group; number of summits."""
    bulk = scratch / f"{slug}.tsv"
    found = folder / f"{slug}.narrowPeak"
    call(bulk, narrow_peak=found, name=slug)
    write_bigwig(bulk, folder / f"{slug}.bw", chrom_sizes=sizes)
    bulk.unlink()
    with open(found) as lines:
        n_peaks = sum(1 for _ in lines)
    logger.info("%s: %d summits", slug, n_peaks)
    return n_peaks
