"""Differentially expressed genes of every label."""

import logging

import anndata as ad
import pandas as pd
from scipy import sparse
from scipy.stats import false_discovery_control

from multiome2vec import keys
from multiome2vec.io.atomic import write_tsv
from multiome2vec.io.labels import labels_of
from multiome2vec.io.regions import read_cells
from multiome2vec.regulation.expression import log2_fold_change, mean_differences
from multiome2vec.regulation.replicates import combine, two_sided

logger = logging.getLogger(__name__)
COLUMNS = ["label", "gene", "log2fc", "score", "pvalue", "padj", "n_samples"]


def degs(
    *, rna: str, barcodes: str, labels: str, table: str, max_padj: float, min_log2fc: float
) -> None:
    """Write the genes that a label expresses more than all other cells.

    p-values are from differences of mean log-normalised expression within samples, with samples as
    replicates (with one sample: cells).

    Parameters
    ----------
    rna, barcodes, labels
        ``annotation/rna.h5ad``, the final ``barcodes.tsv`` and ``labels.tsv``.
    table
        ``degs.tsv``: one row per significant gene of a label, by label and score (a z-score).
    max_padj, min_log2fc
        Largest adjusted p-value (Benjamini-Hochberg, over the genes of a label) and smallest log2
        fold change.
    """
    cells = ad.read_h5ad(rna)
    kept = read_cells(barcodes)
    cells = cells[cells.obs_names.isin(kept.index[kept[keys.KEEP]])]
    matrix = sparse.csr_matrix(cells.X)
    given = labels_of(labels, cells.obs_names)
    samples = keys.samples_of(cells.obs_names).to_numpy()
    rows = []
    for name in sorted(set(given) - {keys.UNLABELLED}):
        effects = mean_differences(matrix, given == name, samples)
        if not effects:
            logger.warning(
                "%s: too few cells, inside or outside, in every sample: not tested", name
            )
            continue
        score = combine(effects)
        found = pd.DataFrame(
            {
                "label": name, "gene": cells.var_names, "score": score,
                "log2fc": log2_fold_change(matrix, given == name), "pvalue": two_sided(score),
                "n_samples": len(effects),
            }
        )  # fmt: skip
        found["padj"] = false_discovery_control(found["pvalue"])
        high = (found["score"] > 0) & (found["log2fc"] >= min_log2fc)
        found = found[high & (found["padj"] <= max_padj)]
        logger.info("%s: %d genes, of %d samples", name, len(found), len(effects))
        rows.append(found.sort_values("score", ascending=False, kind="stable"))
    found = pd.concat(rows)[COLUMNS] if rows else pd.DataFrame(columns=COLUMNS)
    write_tsv(found.round({"log2fc": 4, "score": 4}), table, index=False)
