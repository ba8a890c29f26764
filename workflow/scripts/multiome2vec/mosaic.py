"""What was measured of the cells of a mosaic, in which some lack a modality."""

import pandas as pd

from multiome2vec import keys

PAIRED, RNA_ONLY, ATAC_ONLY = "paired", "rna_only", "atac_only"


def kinds(obs: pd.DataFrame) -> pd.Series | None:
    """Say of each cell whether it is ``paired``, ``rna_only`` or ``atac_only``.

    Parameters
    ----------
    obs
        Cells, with ``has_rna`` and ``has_atac`` if they are a mosaic.

    Returns
    -------
    pandas.Series or None
        None if all cells have the same modalities.
    """
    flags = [keys.HAS[name] for name in (keys.RNA, keys.ATAC)]
    if not set(flags) <= set(obs.columns):
        return None
    rna, atac = (obs[flag].astype(bool) for flag in flags)
    found = pd.Series(PAIRED, index=obs.index, name=keys.MEASURED)
    return found.mask(~atac, RNA_ONLY).mask(~rna, ATAC_ONLY)
