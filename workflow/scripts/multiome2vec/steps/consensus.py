"""Step: consensus regions from the peaks of all groups."""

import logging
from pathlib import Path

import pandas as pd

from multiome2vec import keys
from multiome2vec.io.chromosomes import read_chromosomes
from multiome2vec.io.regions import read_bed, write_regions
from multiome2vec.peaks.consensus import GROUPS, SCORE, consensus_regions
from multiome2vec.peaks.pseudobulk import PEAKS, SLUG

logger = logging.getLogger(__name__)


def consensus(
    *,
    groups: str,
    folder: str,
    chromosomes: str,
    blacklist: str | None,
    bed: str,
    half_width: int,
    min_score: float,
) -> None:
    """Merge the narrowPeak files of ``folder`` to regions of one width.

    Parameters
    ----------
    groups, folder
        ``groups.tsv`` and the folder of narrowPeak files.
    chromosomes, blacklist
        ``chromosomes.tsv`` of the assembly; regions to stay clear of, if there are any.
    bed
        Output: seven columns, the last one the groups that support a region.
    half_width, min_score
        See :func:`multiome2vec.peaks.consensus.consensus_regions`.
    """
    table = pd.read_csv(groups, sep="\t", dtype={SLUG: str})
    slugs = table.loc[table[PEAKS] > 0, SLUG]
    regions = consensus_regions(
        {slug: read_narrow_peak(Path(folder, f"{slug}.narrowPeak")) for slug in slugs},
        chrom_sizes=read_chromosomes(chromosomes).standard_sizes,
        blacklist=read_bed(blacklist),
        half_width=half_width,
        min_score=min_score,
    )
    logger.info("%d consensus regions from %d groups", len(regions), len(slugs))
    write_regions(regions, bed, score=regions[SCORE], groups=regions[GROUPS])


def read_narrow_peak(path: Path) -> pd.DataFrame:
    """Chromosome, summit (bp) and score (-log10 q-value) of each row of a narrowPeak file."""
    columns = {0: keys.CHROM, 1: keys.START, 8: SCORE, 9: "offset"}
    peaks = pd.read_csv(path, sep="\t", header=None, usecols=list(columns), dtype={0: str})
    peaks = peaks.rename(columns=columns)
    summit = peaks[keys.START] + peaks["offset"]
    return peaks.assign(summit=summit)[[keys.CHROM, "summit", SCORE]]
