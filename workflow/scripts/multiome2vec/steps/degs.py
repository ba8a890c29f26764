"""Differentially expressed genes of every label."""

import logging

import anndata as ad
import pandas as pd

from multiome2vec import keys
from multiome2vec.io.atomic import write_tsv
from multiome2vec.io.labels import labels_of
from multiome2vec.io.regions import read_cells

logger = logging.getLogger(__name__)
FEWEST = 10  # cells of a label
COLUMNS = {
    "group": "label", "names": "gene", "logfoldchanges": "log2fc", "scores": "score",
    "pvals": "pvalue", "pvals_adj": "padj",
}  # fmt: skip


def degs(
    *, rna: str, barcodes: str, labels: str, table: str, max_padj: float, min_log2fc: float
) -> None:
    """Write the genes that a label expresses more than all other cells.

    Wilcoxon rank sums of the log-normalised expression (scanpy), ties corrected.

    Parameters
    ----------
    rna, barcodes, labels
        ``annotation/rna.h5ad``, the final ``barcodes.tsv`` and ``labels.tsv``.
    table
        ``degs.tsv``: one row per significant gene of a label, by label and score.
    max_padj, min_log2fc
        Largest adjusted p-value (Benjamini-Hochberg) and smallest log2 fold change.
    """
    import scanpy as sc

    cells = ad.read_h5ad(rna)
    kept = read_cells(barcodes)
    cells = cells[cells.obs_names.isin(kept.index[kept[keys.KEEP]])].copy()
    cells.obs[keys.LABEL] = pd.Categorical(labels_of(labels, cells.obs_names))
    sizes = cells.obs[keys.LABEL].value_counts()
    names = [
        name for name in sorted(sizes.index)
        if name != keys.UNLABELLED and FEWEST <= sizes[name] <= cells.n_obs - FEWEST
    ]  # fmt: skip
    found = pd.DataFrame(columns=list(COLUMNS))
    if names:
        sc.tl.rank_genes_groups(
            cells, keys.LABEL, groups=names, method="wilcoxon", tie_correct=True, use_raw=False
        )
        found = sc.get.rank_genes_groups_df(cells, group=None if len(names) > 1 else names)
        found = found if "group" in found else found.assign(group=names[0])
    found = found.rename(columns=COLUMNS)[list(COLUMNS.values())]
    found = found[(found["padj"] <= max_padj) & (found["log2fc"] >= min_log2fc)]
    logger.info("genes per label: %s", found["label"].value_counts().to_dict())
    write_tsv(found.round({"log2fc": 4, "score": 4}), table, index=False)
