"""Names of genomic regions in their usual spellings."""

from collections.abc import Iterable

import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError

#: chr1:100-200, chr1-100-200, chr1_100_200; chromosome names may hold - _ and .
PATTERN = r"^(?P<chrom>.+)[:\-_](?P<start>\d+)[\-_](?P<end>\d+)$"


def parse_region_names(names: Iterable[str], *, path: str) -> pd.DataFrame:
    """Coordinates of regions from their names.

    Returns
    -------
    pandas.DataFrame
        Index ``chrom:start-end``, columns chrom, start, end (bp).

    Raises
    ------
    UserError
        If a name is no region, a region is empty, or two names stand for the same region.
    """
    names = pd.Series(list(names), dtype=str)
    table = names.str.extract(PATTERN)
    odd = names[table["chrom"].isna()]
    if len(odd):
        raise UserError(
            f"{path}: '{odd.iloc[0]}' is not a region; names must look like chr1:100-200, "
            "chr1-100-200 or chr1_100_200."
        )
    table = table.rename(columns=dict(zip(table, (keys.CHROM, keys.START, keys.END), strict=True)))
    table[keys.START], table[keys.END] = table[keys.START].astype(int), table[keys.END].astype(int)
    empty = names[(table[keys.END] <= table[keys.START]).to_numpy()]
    if len(empty):
        raise UserError(f"{path}: region '{empty.iloc[0]}' ends before it starts.")
    starts, ends = table[keys.START].astype(str), table[keys.END].astype(str)
    table.index = pd.Index((table[keys.CHROM] + ":" + starts + "-" + ends).to_numpy())
    if not table.index.is_unique:
        twice = table.index[table.index.duplicated()][0]
        raise UserError(f"{path}: region {twice} occurs more than once.")
    return table
