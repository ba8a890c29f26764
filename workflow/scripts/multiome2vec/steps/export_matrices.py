"""Step: one modality of the MuData as Matrix Market files and as a table of label means."""

import logging
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import scipy.sparse as sp

from multiome2vec import keys
from multiome2vec.io.atomic import atomic_path
from multiome2vec.io.mtx import write_10x_mtx
from multiome2vec.io.multiome import read_modality, read_obs
from multiome2vec.matrices import label_means, masked_label_means

MODALITY = {"gene": keys.RNA, "region": keys.ATAC, "motif": keys.MOTIF}
SCALE = 10_000
logger = logging.getLogger(__name__)


def export_matrices(*, multiome: str, kind: str, folder: str, means: str) -> None:
    """Write ``<kind>_by_cell/`` in the layout of 10x Genomics and ``<kind>_by_cell_comb.csv``.

    Parameters
    ----------
    multiome
        ``multiome.h5mu``.
    kind
        ``gene``, ``region`` or ``motif``.
    folder
        Folder of the three files: counts (genes, regions), log-normalised values where there are
        no counts, or z-scores without masked entries (motifs).
    means
        Table of features × labels: mean counts per 10,000 (genes, regions), mean log-normalised
        value where there are no counts, mean z-score (motifs). Its columns are all labels of the
        dataset, in the same order for each kind; a label without cells in the modality is empty.
    """
    adata = read_modality(multiome, MODALITY[kind])
    labels = read_obs(multiome)[keys.LABEL].astype(str)
    columns = sorted(labels.unique())
    own = labels.loc[adata.obs_names]
    if kind == "motif":
        mask = np.asarray(adata.layers[keys.MASK])
        table = masked_label_means(adata.X, mask, labels=own, columns=columns)
        matrix = _unmasked(np.asarray(adata.X), mask)
    else:
        counted = keys.COUNTS in adata.layers
        matrix = adata.layers[keys.COUNTS] if counted else adata.X
        total = SCALE if counted else None
        if not counted:
            logger.warning("No counts of %ss: log-normalised values are written as they are", kind)
        table = label_means(matrix, labels=own, columns=columns, total=total)
    write_10x_mtx(matrix, folder, cells=adata.obs_names, features=_features(adata, kind))
    with atomic_path(Path(means)) as partial:
        pd.DataFrame(table, index=adata.var_names, columns=columns).rename_axis(kind).to_csv(
            partial, float_format="%.6g", lineterminator="\n"
        )


def _unmasked(values: np.ndarray, mask: np.ndarray) -> sp.csr_matrix:
    """All entries that are not masked, zeros included."""
    row, column = np.nonzero(mask == 0)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(values)))])
    return sp.csr_matrix((values[row, column], column, indptr), shape=values.shape)


def _features(adata: ad.AnnData, kind: str) -> pd.DataFrame:
    """Columns of features.tsv: id, name, type; and the place of regions."""
    var, names = adata.var, adata.var_names.to_series()
    if kind == "gene":
        ids = var.get(keys.GENE_ID, names)
        return pd.DataFrame({"id": ids, "name": names, "type": "Gene Expression"})
    if kind == "motif":
        score = "Cistrome AUC" if keys.AUC in adata.layers else "Motif Deviation"
        return pd.DataFrame({"id": names, "name": var["name"], "type": score})
    place = var[[keys.CHROM, keys.START, keys.END]]
    return pd.DataFrame({"id": names, "name": names, "type": "Peaks"}).join(place)
