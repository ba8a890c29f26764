"""What the files between steps must hold: checked when they are written and when they are read.

Every ``check_*`` raises :class:`~multiome2vec.errors.ContractError` with the file, the first
offending name and the remedy, and returns nothing.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from multiome2vec import keys
from multiome2vec.errors import ContractError

if TYPE_CHECKING:
    from anndata import AnnData
    from mudata import MuData

REMEDY = "Remove the file and run again; if it comes back, the step that wrote it is at fault."


def check_rna(adata: "AnnData", *, path: str) -> None:
    """Cells × genes: unique names, CSR; ``layers["counts"]`` integer where there are counts."""
    _check_names(adata, path)
    _check_csr(adata.X, path, "X")
    if keys.COUNTS in adata.layers:
        check_counts(adata.layers[keys.COUNTS], path=path, where="layers['counts']")


def check_regions(adata: "AnnData", *, path: str) -> None:
    """Cells × regions: integer CSR counts in a declared unit; names equal coordinates."""
    _check_names(adata, path)
    check_counts(adata.X, path=path, where="X")
    _check_region_names(adata.var, path)
    unit = adata.uns.get(keys.COUNTING)
    if unit not in keys.COUNTING_UNITS:
        raise ContractError(
            f"{path}: uns['{keys.COUNTING}'] is {unit!r}, not one of "
            f"{', '.join(keys.COUNTING_UNITS)}. {REMEDY}"
        )


def check_cells(table: pd.DataFrame, *, path: str, columns: tuple[str, ...]) -> None:
    """Table of cells: unique index ``cell`` and the columns asked for."""
    missing = [column for column in columns if column not in table]
    if missing:
        raise ContractError(f"{path} lacks the column(s) {', '.join(missing)}. {REMEDY}")
    _check_unique(table.index, path, "cell")
    odd = table.index[~table.index.str.contains(keys.CELL_SEPARATOR, regex=False)]
    if len(odd):
        raise ContractError(f"{path}: '{odd[0]}' is not named sample#barcode. {REMEDY}")


def check_labels(table: pd.DataFrame, *, path: str) -> None:
    """Labels of cells: none empty."""
    check_cells(table, path=path, columns=(keys.LABEL, keys.LABEL_SOURCE))
    empty = table.index[(table[keys.LABEL] == "") | table[keys.LABEL].isna()]
    if len(empty):
        raise ContractError(f"{path}: cell {empty[0]} has no label. {REMEDY}")


def check_topics(adata: "AnnData", *, path: str) -> None:
    """Rows of cell × topic and columns of region × topic are distributions."""
    _check_names(adata, path)
    sums = [
        np.sum(values, axis=axis, dtype=np.float64)
        for values, axis in ((adata.obsm[keys.X_TOPIC], 1), (adata.varm[keys.TOPIC_REGION], 0))
    ]
    _check_distribution(sums[0], path, "a cell's topics")
    _check_distribution(sums[1], path, "a topic's regions")


def check_scores(adata: "AnnData", *, path: str) -> None:
    """Regions × motifs: CSR matches."""
    _check_names(adata, path)
    _check_csr(adata.X, path, "X")


def check_motif(adata: "AnnData", *, path: str) -> None:
    """Cells × motifs or cistromes: finite z-scores, deviations or AUC; masked entries are 0 in X.

    ``var`` has the name and the factors of each.
    """
    _check_names(adata, path)
    missing = [column for column in ("name", "tfs") if column not in adata.var]
    if missing:
        raise ContractError(f"{path}: var lacks the column(s) {', '.join(missing)}. {REMEDY}")
    raw = keys.AUC if keys.AUC in adata.layers else keys.DEVIATION
    if raw not in adata.layers:
        raise ContractError(f"{path} lacks layers['{raw}'] (or '{keys.AUC}'). {REMEDY}")
    for where, values in (("X", adata.X), (raw, adata.layers[raw])):
        if not np.isfinite(values).all():
            raise ContractError(f"{path}: {where} holds a value that is not finite. {REMEDY}")
    if np.any(np.asarray(adata.X)[np.asarray(adata.layers[keys.MASK]) == 1] != 0):
        raise ContractError(f"{path}: a masked entry of X is not 0. {REMEDY}")


def check_multiome(mdata: "MuData", *, path: str) -> None:
    """Paired: the same cells in the same order in every modality. Mosaic: a union with flags.

    An object is mosaic if its ``obs`` has the ``has_<modality>`` columns; they must then say
    exactly which cells each modality holds.
    """
    unknown = set(mdata.mod) - set(keys.MODALITIES)
    if unknown or not mdata.mod:
        raise ContractError(f"{path}: modalities are {', '.join(mdata.mod) or 'none'}. {REMEDY}")
    mosaic = any(flag in mdata.obs for flag in keys.HAS.values())
    for name, adata in mdata.mod.items():
        if mosaic:
            _check_mosaic(mdata, name, path)
        else:
            _check_same_cells(mdata.obs_names, adata.obs_names, f"{path}, modality {name}")
    checks = {keys.RNA: check_rna, keys.ATAC: check_regions, keys.MOTIF: check_motif}
    for name, adata in mdata.mod.items():
        checks[name](adata, path=f"{path}, modality {name}")


def check_embedding(adata: "AnnData", *, path: str) -> None:
    """Cells × latent dimensions: finite float32."""
    _check_names(adata, path)
    if adata.X.dtype != np.float32 or not np.isfinite(adata.X).all():
        raise ContractError(f"{path}: X is not finite float32. {REMEDY}")


def check_counts(matrix, *, path: str, where: str) -> None:
    """CSR of non-negative integers (of any dtype)."""
    _check_csr(matrix, path, where)
    bad = matrix.data < 0
    if not np.issubdtype(matrix.dtype, np.integer):
        bad |= matrix.data != np.round(matrix.data)
    if bad.any():
        row = int(np.searchsorted(matrix.indptr, np.flatnonzero(bad)[0], side="right")) - 1
        value = matrix.data[bad][0]
        raise ContractError(f"{path}: {where} holds {value} in row {row}, not a count. {REMEDY}")


def _check_names(adata: "AnnData", path: str) -> None:
    _check_unique(adata.obs_names, path, "row")
    _check_unique(adata.var_names, path, "column")


def _check_unique(names: pd.Index, path: str, what: str) -> None:
    if not names.is_unique:
        name = names[names.duplicated()][0]
        raise ContractError(f"{path}: {what} '{name}' occurs more than once. {REMEDY}")


def _check_csr(matrix, path: str, where: str) -> None:
    if not (sparse.issparse(matrix) and matrix.format == "csr"):
        raise ContractError(f"{path}: {where} is not a CSR matrix. {REMEDY}")


def _check_region_names(var: pd.DataFrame, path: str) -> None:
    starts, ends = var[keys.START].astype(str), var[keys.END].astype(str)
    expected = var[keys.CHROM].astype(str) + ":" + starts + "-" + ends
    wrong = var.index[expected.to_numpy() != var.index.to_numpy()]
    if len(wrong):
        raise ContractError(f"{path}: region '{wrong[0]}' is not named by its place. {REMEDY}")


def _check_distribution(sums: np.ndarray, path: str, what: str) -> None:
    if not np.allclose(sums, 1, atol=1e-4):
        raise ContractError(f"{path}: {what} sum to {np.asarray(sums).ravel()[0]}. {REMEDY}")


def _check_same_cells(expected: pd.Index, found: pd.Index, path: str) -> None:
    if len(expected) != len(found):
        raise ContractError(
            f"{path}: {len(found)} cells, but {len(expected)} in the whole object. Paired data "
            "hold the same cells in every modality; a mosaic needs the has_* columns in obs. "
            f"{REMEDY}"
        )
    differ = np.flatnonzero(expected.to_numpy() != found.to_numpy())
    if len(differ):
        first = differ[0]
        what = "in another order" if set(expected) == set(found) else "others"
        raise ContractError(
            f"{path}: the cells are {what}: row {first} is '{found[first]}', expected "
            f"'{expected[first]}'. {REMEDY}"
        )


def _check_mosaic(mdata: "MuData", name: str, path: str) -> None:
    flag = keys.HAS[name]
    if flag not in mdata.obs:
        raise ContractError(f"{path}: a mosaic needs the column '{flag}' in obs. {REMEDY}")
    said = mdata.obs_names[mdata.obs[flag].astype(bool)]
    _check_same_cells(said, mdata[name].obs_names, f"{path}, modality {name} against obs['{flag}']")
