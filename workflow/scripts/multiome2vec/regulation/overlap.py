"""Regions of one set that stand for regions of another, such as those of a rankings database."""

import numpy as np
import pandas as pd

from multiome2vec import keys

FRACTION = 0.4  # of either region


def overlapping(
    ours: pd.DataFrame, theirs: pd.DataFrame, *, fraction: float = FRACTION
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of regions that share more than a fraction of the length of either (pycistarget).

    Parameters
    ----------
    ours, theirs
        Columns chrom, start, end (half-open).
    fraction
        Of the length of one region of a pair, or of the other.

    Returns
    -------
    ours, theirs : numpy.ndarray
        Positions of the two regions of each pair, by our region, then by theirs.
    """
    import bioframe

    columns = [keys.CHROM, keys.START, keys.END]
    pairs = bioframe.overlap(
        ours[columns].reset_index(drop=True), theirs[columns].reset_index(drop=True),
        how="inner", cols1=columns, cols2=columns, return_index=True,
        return_overlap=True, suffixes=("", "_other"),
    )  # fmt: skip
    start, end = pairs[f"overlap_{keys.START}"], pairs[f"overlap_{keys.END}"]
    shared = (end - start).to_numpy(float)
    lengths = [
        (pairs[f"{keys.END}{side}"] - pairs[f"{keys.START}{side}"]).to_numpy(float)
        for side in ("", "_other")
    ]
    close = (shared > fraction * lengths[0]) | (shared > fraction * lengths[1])
    found = [pairs[f"index{side}"].to_numpy(np.int64)[close] for side in ("", "_other")]
    order = np.lexsort(found[::-1])
    return found[0][order], found[1][order]
