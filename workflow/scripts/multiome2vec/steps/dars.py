"""Differentially accessible regions of every label."""

import logging

import anndata as ad
import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from multiome2vec import keys
from multiome2vec.errors import ContractError
from multiome2vec.io.atomic import write_tsv
from multiome2vec.io.labels import labels_of
from multiome2vec.io.regions import load_regions
from multiome2vec.regulation.accessibility import combine, imputed_fold_change, score_tests
from multiome2vec.regulation.replicates import two_sided
from multiome2vec.regulation.sets import write_sets

logger = logging.getLogger(__name__)
COLUMNS = ["label", "region", "log2fc", "pvalue", "padj", "n_samples"]


def dars(
    *, regions: str, barcodes: str, labels: str, topics: str, table: str, folder: str,
    max_padj: float, min_log2fc: float,
) -> None:  # fmt: skip
    """Write the regions that are more accessible in a label than outside of it.

    p-values are from observed counts (binarised), within samples and with these as replicates; fold
    changes from imputed accessibility.

    Parameters
    ----------
    regions, barcodes, labels, topics
        ``regions.h5ad``, the final ``barcodes.tsv``, ``labels.tsv`` and the chosen ``topics.h5ad``.
    table
        ``dars.tsv``: one row per significant region of a label, by label and fold change.
    folder
        One BED file per label with such regions.
    max_padj, min_log2fc
        Largest Benjamini-Hochberg adjusted p-value (over the regions of a label) and smallest log2
        fold change.
    """
    counts = load_regions(regions, barcodes)
    model = ad.read_h5ad(topics)
    if not (model.obs_names.equals(counts.obs_names) and model.var_names.equals(counts.var_names)):
        raise ContractError(f"{topics} is not of the cells and regions of {regions}: remove it.")
    given = labels_of(labels, counts.obs_names)
    names = sorted(set(given) - {keys.UNLABELLED})
    samples = keys.samples_of(counts.obs_names).to_numpy()
    counts.X.eliminate_zeros()
    counts.X.data = np.ones(counts.X.nnz, dtype=np.int8)
    tests = score_tests(counts.X, given, names, samples)
    rows, sets = [], {}
    for name, results in tests.items():
        if not results:
            logger.warning(
                "%s: too few cells, inside or outside, in every sample: not tested", name
            )
            continue
        change = imputed_fold_change(
            model.obsm[keys.X_TOPIC].astype(float), model.varm[keys.TOPIC_REGION].astype(float),
            given == name,
        )  # fmt: skip
        z = combine(results)
        pvalue = two_sided(z)
        padj = false_discovery_control(pvalue)
        sets[name] = (padj <= max_padj) & (z > 0) & (change >= min_log2fc)
        logger.info("%s: %d regions, of %d samples", name, sets[name].sum(), len(results))
        found = pd.DataFrame(
            {
                "label": name, "region": counts.var_names, "log2fc": change, "pvalue": pvalue,
                "padj": padj, "n_samples": len(results),
            }
        )  # fmt: skip
        rows.append(found[sets[name]].sort_values("log2fc", ascending=False, kind="stable"))
    found = pd.concat(rows) if rows else pd.DataFrame(columns=COLUMNS)
    write_tsv(found.round({"log2fc": 4}), table, index=False)
    write_sets(sets, counts.var, folder)
