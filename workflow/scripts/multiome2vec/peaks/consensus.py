"""Consensus regions of fixed width from peaks of many groups, by iterative overlap.

The procedure of Corces et al. 2018 (Science 362, eaav1898), as in ArchR and pycisTopic: summits are
extended to one width, scores are scaled within each group, and of overlapping regions the one with
the highest score stays, first within each group and then over all groups.
"""

import logging
from collections.abc import Mapping

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError

GROUPS = "groups"
SCORE = "score"
logger = logging.getLogger(__name__)


def consensus_regions(
    peaks: Mapping[str, pd.DataFrame],
    *,
    chrom_sizes: pd.Series,
    blacklist: pd.DataFrame,
    half_width: int,
    min_score: float,
) -> pd.DataFrame:
    """Merge the peaks of all groups to regions that do not overlap.

    Parameters
    ----------
    peaks
        Per group: chrom, summit (0-based bp) and score (-log10 q-value).
    chrom_sizes
        Lengths (bp) of the chromosomes to keep; summits elsewhere are dropped.
    blacklist
        Regions (chrom, start, end) that no consensus region may overlap; may be empty.
    half_width
        Bases on either side of a summit: regions are [summit - half_width, summit + half_width).
    min_score
        Summits whose score, scaled so that a group's scores sum to a million, is lower are dropped.

    Returns
    -------
    pandas.DataFrame
        chrom, start, end, score (the scaled score of the region's summit) and groups
        (comma-separated, sorted: groups with a region of their own that overlaps), in the order of
        ``chrom_sizes`` and by start.

    Raises
    ------
    UserError
        If no region is left.
    """
    names = sorted(name for name in peaks if len(peaks[name]))
    own = []
    for code, name in enumerate(names):
        regions = _extend(_scaled(peaks[name]), chrom_sizes=chrom_sizes, half_width=half_width)
        regions = regions[~overlaps_any(regions, blacklist) & (regions[SCORE] >= min_score)]
        regions = regions.sort_values([SCORE, "position"], ascending=[False, True])
        regions = regions[best_without_overlap(regions["position"], 2 * half_width)]
        logger.info("%s: %d summits, %d regions", name, len(peaks[name]), len(regions))
        own.append(regions.assign(group=code))
    if not sum(map(len, own)):
        raise UserError(
            "No peak is left for the consensus regions. Lower peaks.consensus.min_score, or check "
            "that the assembly's standard_chromosomes and blacklist fit the data."
        )
    regions = pd.concat(own).sort_values(
        [SCORE, "position", "group"], ascending=[False, True, True]
    )
    chosen = regions[best_without_overlap(regions["position"], 2 * half_width)]
    chosen = chosen.sort_values("position")
    supporting = _supporting(chosen["position"], regions, names, 2 * half_width)
    table = chosen[[keys.CHROM, keys.START, keys.END, SCORE]].reset_index(drop=True)
    return table.assign(**{GROUPS: supporting})


def overlaps_any(regions: pd.DataFrame, others: pd.DataFrame) -> np.ndarray:
    """Whether each region (chrom, start, end) overlaps any of ``others`` by at least one base."""
    hit = np.zeros(len(regions), bool)
    chroms = regions[keys.CHROM].to_numpy()
    for chrom, other in others.groupby(keys.CHROM, observed=True):
        here = np.flatnonzero(chroms == chrom)
        other = other.sort_values(keys.START)
        # the furthest end among the intervals that start before a region ends
        reach = np.concatenate([[-1], np.maximum.accumulate(other[keys.END].to_numpy())])
        before = np.searchsorted(other[keys.START], regions[keys.END].to_numpy()[here], "left")
        hit[here] = reach[before] > regions[keys.START].to_numpy()[here]
    return hit


def best_without_overlap(positions: pd.Series, width: int) -> np.ndarray:
    """Mask of the intervals [position, position + width) that iterative overlap keeps.

    An interval is kept if it overlaps none kept before it.

    Parameters
    ----------
    positions
        Starts, best interval first. Bins of one width hold at most one kept start each, so looking
        at three bins decides: linear in the number of intervals.
    width
        Width of all intervals, bp.
    """
    kept_in_bin: dict[int, int] = {}
    keep = np.zeros(len(positions), bool)
    far = -2 * width
    for row, position in enumerate(positions.tolist()):
        here = position // width
        if here in kept_in_bin:
            continue
        if position - kept_in_bin.get(here - 1, position + far) < width:
            continue
        if kept_in_bin.get(here + 1, position - far) - position < width:
            continue
        kept_in_bin[here] = position
        keep[row] = True
    return keep


def _scaled(peaks: pd.DataFrame) -> pd.DataFrame:
    """Peaks with scores that sum to a million."""
    return peaks.assign(score=peaks[SCORE] * (1e6 / max(peaks[SCORE].sum(), 1e-300)))


def _extend(summits: pd.DataFrame, *, chrom_sizes: pd.Series, half_width: int) -> pd.DataFrame:
    """Regions around summits that lie wholly inside listed chromosomes.

    ``position`` is the start on one axis of all chromosomes, with gaps of one width between them.
    """
    code = chrom_sizes.index.get_indexer(summits[keys.CHROM].astype(str))
    summits, code = summits[code >= 0], code[code >= 0]
    start = summits["summit"].to_numpy(np.int64) - half_width
    end = start + 2 * half_width
    sizes = chrom_sizes.to_numpy(np.int64)
    offsets = np.concatenate([[0], np.cumsum(sizes + 2 * half_width)])
    regions = summits.assign(start=start, end=end, position=start + offsets[code])
    return regions[(start >= 0) & (end <= sizes[code])]


def _supporting(
    chosen: pd.Series, regions: pd.DataFrame, names: list[str], width: int
) -> list[str]:
    """Names of the groups whose regions overlap each chosen region (sorted by position)."""
    starts = chosen.to_numpy()
    position, group = regions["position"].to_numpy(), regions["group"].to_numpy()
    after = np.searchsorted(starts, position, side="right")  # first chosen start right of each
    pairs = []
    for neighbour in (after - 1, after):
        inside = (neighbour >= 0) & (neighbour < len(starts))
        inside[inside] = np.abs(starts[neighbour[inside]] - position[inside]) < width
        pairs.append(np.column_stack([neighbour[inside], group[inside]]))
    pairs = np.unique(np.concatenate(pairs), axis=0)
    by_region = np.split(pairs[:, 1], np.searchsorted(pairs[:, 0], np.arange(1, len(starts))))
    return [",".join(names[code] for code in codes) for codes in by_region]
