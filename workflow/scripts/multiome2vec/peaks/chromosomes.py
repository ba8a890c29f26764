"""Which chromosomes count: the standard ones, without the mitochondrion."""

import re

import pandas as pd

from multiome2vec.errors import UserError


def standard_chromosomes(
    chrom_sizes: pd.Series, *, pattern: str, mitochondrion: str | None
) -> pd.Series:
    """Chromosomes whose name ``pattern`` is found in, except the mitochondrion, in given order.

    Raises
    ------
    UserError
        If none matches.
    """
    standard = [name for name in chrom_sizes.index if re.search(pattern, name)]
    standard = [name for name in standard if name != mitochondrion]
    if not standard:
        raise UserError(
            f"No chromosome of the assembly ({', '.join(chrom_sizes.index[:5])}, ...) matches "
            f"standard_chromosomes '{pattern}'. Change it in the assembly's configuration."
        )
    return chrom_sizes.loc[standard]
