"""Labels of cells that a user gives."""

from pathlib import Path

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.files import require_file
from multiome2vec.io.regions import read_cells

OBS = "obs:"
#: headers of a table that say which columns are meant, the first that is there
BARCODES = (keys.BARCODE, "barcodes", "cell", "sample")
LABELS = (keys.LABEL, "celltype", "cell_type", "cell_name")


def read_labels(source: str, *, h5ad: str | None) -> pd.Series:
    """Read the labels of one sample.

    Parameters
    ----------
    source
        Path of a table (tabs; commas in a ``.csv``) with the columns ``barcode`` and ``label``, or
        other names of :data:`BARCODES` and :data:`LABELS` (without such names, its first two
        columns), or ``obs:<column>`` of the sample's own h5ad file.
    h5ad
        That file.

    Returns
    -------
    pandas.Series
        Labels by raw barcode; barcodes without a label are left out.

    Raises
    ------
    UserError
        If the file or column is missing, or a barcode has two labels.
    """
    try:
        if source.startswith(OBS):
            labels = _from_obs(source.removeprefix(OBS), h5ad)
        else:
            labels = _read(str(require_file(source)))
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise UserError(
            f"Labels {source} cannot be read ({error}).", remedy="Give a table in UTF-8 with tabs."
        ) from None
    labels = labels[labels.notna()].astype(str)
    labels = labels[labels != ""]
    labels.name = keys.LABEL
    if not labels.index.is_unique:
        twice = labels.index[labels.index.duplicated()][0]
        raise UserError(f"Labels in {source}: barcode {twice} occurs more than once.")
    return labels


def labels_of(path: str, cells: pd.Index) -> np.ndarray:
    """Labels of cells from ``annotation/labels.tsv``, as text; unlabelled where it has none."""
    labels = read_cells(path)[keys.LABEL].replace("", keys.UNLABELLED)
    return labels.reindex(cells, fill_value=keys.UNLABELLED).to_numpy(dtype=str)


def _from_obs(column: str, h5ad: str | None) -> pd.Series:
    import anndata as ad

    if not h5ad or Path(h5ad).suffix != ".h5ad":
        raise UserError(f"Labels '{OBS}{column}' need an h5ad file in the sample's row.")
    obs = ad.read_h5ad(h5ad, backed="r").obs
    if column not in obs:
        raise UserError(f"{h5ad} has no obs column '{column}'; it has {', '.join(obs.columns)}.")
    return obs[column].astype(object)


def _read(path: str) -> pd.Series:
    if not Path(path).is_file():
        raise UserError(f"Labels {path} do not exist. Correct the path in the sample sheet.")
    comma = Path(path.removesuffix(".gz")).suffix == ".csv"
    table = pd.read_csv(path, sep="," if comma else "\t", dtype=str, header=None)
    if table.shape[1] < 2:
        raise UserError(f"Labels {path} have one column; barcode and label are needed (tabs).")
    header = list(table.iloc[0])
    barcode = next((header.index(name) for name in BARCODES if name in header), None)
    label = next((header.index(name) for name in LABELS if name in header), None)
    if barcode is None or label is None:
        barcode, label = 0, 1
    else:
        table = table.iloc[1:]
    return pd.Series(table[label].to_numpy(), index=table[barcode].to_numpy(), dtype=object)
