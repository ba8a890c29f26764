"""Reading of multiome.h5mu."""

from typing import TYPE_CHECKING

from multiome2vec.io.contracts import check_multiome

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData
    from mudata import MuData


def read_multiome(path: str) -> "MuData":
    """Read and check ``multiome.h5mu``; metadata stay as they were written."""
    import mudata

    with mudata.set_options(pull_on_update=False):
        mdata = mudata.read_h5mu(path)
    check_multiome(mdata, path=path)
    return mdata


def read_obs(path: str) -> "pd.DataFrame":
    """Read the table of all cells, and nothing else."""
    import anndata as ad
    import h5py

    with h5py.File(path) as file:
        return ad.io.read_elem(file["obs"])


def read_modality(path: str, name: str) -> "AnnData":
    """Read one modality: of a mosaic, the cells that have it."""
    import anndata as ad
    import h5py

    with h5py.File(path) as file:
        return ad.io.read_elem(file["mod"][name])
