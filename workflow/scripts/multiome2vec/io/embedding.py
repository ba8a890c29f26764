"""The form in which every embedding is written."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from multiome2vec import keys

if TYPE_CHECKING:
    from anndata import AnnData

#: columns of obs that travel with an embedding where they exist
CARRIED = (
    *(keys.SAMPLE, keys.BATCH, keys.DONOR, keys.CONDITION, keys.LABEL),
    *(keys.TOTAL_COUNTS, keys.N_FRAGMENT, keys.PCT_MT, keys.TSSE, keys.PHASE),
    *(keys.TRUE_TYPE, keys.TRUE_PSEUDOTIME, keys.ON_TRAJECTORY, keys.TRUE_DOUBLET),
    *keys.HAS.values(),
)


def carried(obs: pd.DataFrame) -> pd.DataFrame:
    """Columns of obs that travel with what is made of cells, where they exist."""
    return obs[[column for column in CARRIED if column in obs]].copy()


def embedding_object(values: np.ndarray, *, obs: pd.DataFrame, model: str, seed: int) -> "AnnData":
    """Wrap an embedding with the cells' metadata.

    Parameters
    ----------
    values
        Cells × latent dimensions.
    obs
        Metadata of the cells, in the same order.
    model, seed
        Recorded in ``uns``.
    """
    import anndata as ad

    kept = carried(obs)
    dimensions = pd.DataFrame(index=[f"z{i}" for i in range(values.shape[1])])
    made = {"model": model, "seed": seed}
    return ad.AnnData(
        np.asarray(values, dtype=np.float32), obs=kept, var=dimensions, uns={keys.PROVENANCE: made}
    )
