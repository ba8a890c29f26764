"""Reading of multiome.h5mu."""

from typing import TYPE_CHECKING

from multiome2vec.io.contracts import check_multiome

if TYPE_CHECKING:
    from mudata import MuData


def read_multiome(path: str) -> "MuData":
    """Read and check ``multiome.h5mu``; metadata stay as they were written."""
    import mudata

    with mudata.set_options(pull_on_update=False):
        mdata = mudata.read_h5mu(path)
    check_multiome(mdata, path=path)
    return mdata
