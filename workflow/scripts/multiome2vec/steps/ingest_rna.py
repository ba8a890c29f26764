"""Read the RNA of one sample, whatever its kind, into one form."""

import logging

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.atomic import write_h5ad
from multiome2vec.io.barcode_choice import choose_rows
from multiome2vec.io.contracts import check_rna
from multiome2vec.io.counts import (
    make_unique_names,
    require_counts,
    require_finite,
    require_unique_barcodes,
)
from multiome2vec.io.features import name_genes
from multiome2vec.io.tenx import read_modality

logger = logging.getLogger(__name__)

NOT_COUNTS = (
    "If the file holds counts in a layer, name it in the column rna_layer; if it holds "
    "log-normalised values only, set rna_kind to 'normalized'."
)


def ingest_rna(
    *, source: str, out: str, kind: str, layer: str, obs_columns: list[str], barcodes: str = ""
) -> None:
    """Write cells × genes of one sample.

    Parameters
    ----------
    source
        RNA file or folder of the sample sheet.
    out
        ``rna.h5ad``: X counts (int32) and ``layers["counts"]`` the same, or, for kind
        ``normalized``, X log-normalised (float32) and no such layer.
    kind, layer
        ``rna_kind`` and ``rna_layer`` of the sample sheet.
    obs_columns
        Columns of the source's obs to keep, because the sheet refers to them (``obs:<column>``).
    barcodes
        ``rna_barcodes`` of the sample sheet.
    """
    adata = read_modality(source, kind=kind, modality=keys.RNA, layer=layer)
    require_unique_barcodes(adata.obs_names, path=source)
    adata = choose_rows(adata, barcodes, path=source)
    name_genes(adata, path=source)
    make_unique_names(adata, path=source)
    if kind == "normalized":
        require_finite(adata, path=source)
        negative = int((adata.X.data < 0).sum())
        if negative:
            logger.info("%s: %d negative values (imputed data?) are kept", source, negative)
    else:
        require_counts(adata, path=source, remedy=NOT_COUNTS)
        adata.layers[keys.COUNTS] = adata.X.copy()
    kept = [column for column in (keys.GENE_ID, keys.FEATURE_TYPES) if column in adata.var]
    adata.var = adata.var[kept].astype(str)
    missing = [column for column in obs_columns if column not in adata.obs]
    if missing:
        raise UserError(f"{source} has no obs column '{missing[0]}', which the sample sheet names.")
    adata.obs = adata.obs[obs_columns].astype(str)
    adata.uns = {"rna_kind": kind}
    logger.info("%s: %d barcodes × %d genes", source, adata.n_obs, adata.n_vars)
    check_rna(adata, path=out)
    write_h5ad(adata, out)
