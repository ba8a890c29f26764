"""RNA quality of the barcodes of one sample."""

import logging

import anndata as ad
import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.io.atomic import write_tsv
from multiome2vec.io.chromosomes import read_chromosomes
from multiome2vec.io.contracts import check_cells, check_rna
from multiome2vec.io.genome import read_genes_bed
from multiome2vec.io.regions import read_cells
from multiome2vec.qc.limits import make_limits, outside
from multiome2vec.qc.mitochondrial import mitochondrial_genes
from multiome2vec.qc.reasons import join_reasons
from multiome2vec.qc.rna import METRICS, rna_limits, rna_metrics

logger = logging.getLogger(__name__)


def rna_qc(
    *, rna: str, barcodes: str, table: str, limits: str, mt_prefix: str, thresholds: dict,
    genes: str | None = None, chromosomes: str | None = None,
) -> None:  # fmt: skip
    """Measure the barcodes that have RNA and judge them.

    Parameters
    ----------
    rna, barcodes
        ``rna.h5ad`` and ``barcodes.tsv`` of the sample.
    table, limits
        Outputs: metrics and verdict by cell; the limits that were applied.
    mt_prefix
        Prefix of mitochondrial genes that the annotation does not tell.
    thresholds
        Keyword arguments of :func:`multiome2vec.qc.rna.rna_limits`.
    genes, chromosomes
        ``genes.bed`` and ``chromosomes.tsv`` of the assembly, where it has an annotation.
    """
    adata = ad.read_h5ad(rna)
    check_rna(adata, path=rna)
    listed = read_cells(barcodes)
    check_cells(listed, path=barcodes, columns=(keys.BARCODE, keys.IN_RNA))
    listed = listed[listed[keys.IN_RNA]]
    if keys.COUNTS in adata.layers:
        metrics = rna_metrics(
            adata.layers[keys.COUNTS],
            barcodes=adata.obs_names,
            mitochondrial=mitochondrial_genes(
                adata.var,
                prefix=mt_prefix,
                places=read_genes_bed(genes) if genes else None,
                mitochondrion=read_chromosomes(chromosomes).mitochondrion if genes else None,
            ),
        )
        metrics = metrics.loc[listed[keys.BARCODE]].set_index(listed.index)
        applied = rna_limits(metrics, **thresholds)
    else:
        logger.info("The RNA has no counts (kind normalized): count metrics and limits are skipped")
        metrics = pd.DataFrame(np.nan, index=listed.index, columns=list(METRICS))
        applied = make_limits(dict.fromkeys(METRICS, (None, None)))
    verdict = metrics.copy()
    reason = join_reasons(outside(metrics, applied))
    verdict[keys.RNA_PASS] = reason == ""
    verdict[keys.RNA_REASON] = reason
    logger.info("Limits:\n%s", applied.to_string())
    logger.info("%d of %d barcodes pass", verdict[keys.RNA_PASS].sum(), len(verdict))
    write_tsv(verdict, table)
    write_tsv(applied, limits)
