"""Step: a region set that is not called here: a BED file or the regions of ready matrices."""

import logging
from collections.abc import Sequence

import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.chromosome_names import read_chromosome_names, require_known, translate
from multiome2vec.io.chromosomes import STANDARD, kinds_of, read_chromosomes
from multiome2vec.io.regions import read_bed, region_names, write_regions
from multiome2vec.peaks.consensus import overlaps_any

logger = logging.getLogger(__name__)


def given_regions(
    *,
    bed: str | None,
    matrices: Sequence[str],
    chromosomes: str | None,
    blacklist: str | None,
    out: str,
    kinds: dict,
    chromosome_names: str | None = None,
) -> None:
    """Write a given region set as ``consensus.bed``: sorted, standard chromosomes, no blacklist.

    Parameters
    ----------
    bed, matrices
        A BED file with regions of any width, or else ready matrices (h5ad) with equal regions.
    chromosomes, blacklist
        ``chromosomes.tsv`` of the assembly and regions to leave out, where there are any.
    out
        The BED file to write.
    kinds
        ``pattern`` of standard chromosomes and name of the ``mitochondrion`` (or None each), for
        regions without a table of chromosomes.
    chromosome_names
        Table of translations for the BED file, where the assembly has one.

    Raises
    ------
    UserError
        If matrices differ in their regions, the BED file spells chromosomes as the assembly does
        not, a region leaves its chromosome or none is left.
    """
    source = bed or matrices[0]
    regions = read_bed(bed) if bed else _common_regions(matrices)
    regions[keys.CHROM] = translate(regions[keys.CHROM], read_chromosome_names(chromosome_names))
    given = len(regions)
    regions = regions.drop_duplicates([keys.CHROM, keys.START, keys.END], ignore_index=True)
    sizes, order = _sizes_and_order(regions, chromosomes, source, **kinds)
    _check_inside(regions, sizes, source)
    code = pd.Series(order.get_indexer(regions[keys.CHROM]), index=regions.index)
    listed = overlaps_any(regions, read_bed(blacklist))
    logger.info(
        "%s: %d regions; left out: %d repeated, %d not on standard chromosomes, %d blacklisted",
        *(source, given, given - len(regions), (code < 0).sum(), (listed & (code >= 0)).sum()),
    )
    regions = regions.assign(code=code)[~listed & (code >= 0)]
    if regions.empty:
        raise UserError(
            f"{source}: none of its {given} regions is on a standard chromosome and off the "
            "blacklist. Check the assembly in the configuration."
        )
    write_regions(regions.sort_values(["code", keys.START, keys.END]), out)


def _common_regions(matrices: Sequence[str]) -> pd.DataFrame:
    """Regions of the first matrix, once it is sure that all have the same."""
    import anndata as ad

    tables = [ad.read_h5ad(path, backed="r").var for path in matrices]
    first = tables[0]
    for path, table in zip(matrices, tables, strict=True):
        differ = table.index.symmetric_difference(first.index)
        if len(differ):
            raise UserError(
                f"{path} and {matrices[0]} do not have the same regions: {differ[0]} is in one "
                "only. Counts on different regions cannot be merged. Give fragments, to count all "
                "samples on one region set, or make the matrices from one peak list."
            )
    places = first[[keys.CHROM, keys.START, keys.END]].astype({keys.CHROM: str})
    return places.reset_index(drop=True)


def _sizes_and_order(
    regions: pd.DataFrame,
    chromosomes: str | None,
    source: str,
    *,
    pattern: str | None,
    mitochondrion: str | None,
) -> tuple[pd.Series, pd.Index]:
    """Lengths of the chromosomes, and the standard ones in order."""
    if chromosomes:
        known = read_chromosomes(chromosomes)
        require_known(regions[keys.CHROM].unique(), known.sizes.index, path=source)
        return known.sizes, known.standard
    sizes = _reach(regions)
    there = mitochondrion if mitochondrion in sizes.index else None
    kinds = kinds_of(sizes, pattern=pattern, mitochondrion=there)
    return sizes, kinds.index[kinds == STANDARD]


def _reach(regions: pd.DataFrame) -> pd.Series:
    """Furthest end per chromosome, where lengths are not known; natural order of names."""
    ends = regions.groupby(keys.CHROM, observed=True)[keys.END].max()
    order = sorted(ends.index, key=lambda name: (len(name), name))
    return ends.loc[order].rename_axis(None)


def _check_inside(regions: pd.DataFrame, sizes: pd.Series, source: str) -> None:
    outside = regions[keys.END] > regions[keys.CHROM].map(sizes)  # unknown chromosomes: not said
    if outside.any():
        name = region_names(regions[outside])[0]
        size = sizes[name.rpartition(":")[0]]
        raise UserError(
            f"{source}: region {name} leaves its chromosome, which has {size} bp. Is it of another "
            "genome build than the assembly of the configuration?"
        )
