"""Step: activity of every cistrome in every cell, as the AUC of its regions."""

import logging

import anndata as ad
import numpy as np
import pandas as pd
from scipy import sparse

from multiome2vec import keys
from multiome2vec.io.atomic import write_h5ad
from multiome2vec.io.contracts import check_motif, check_scores, check_topics
from multiome2vec.io.regions import load_regions
from multiome2vec.regulation.aucell import count_auc, first_ranks, imputed_auc, standardised

logger = logging.getLogger(__name__)
FEWEST = 5  # ranked regions; the score of fewer is that of single regions


def region_set_auc(
    *, cistromes: str, topics: str | None, regions: str | None, barcodes: str | None, out: str,
    ranking: str, threshold: float,
) -> None:  # fmt: skip
    """Write the AUC of cistromes in the finally kept cells.

    Parameters
    ----------
    cistromes
        ``cistromes.h5ad``, regions × factors.
    topics
        The chosen topic model, for the rankings by imputed accessibility.
    regions, barcodes
        ``regions.h5ad`` and the final ``barcodes.tsv``, for the ranking by counts.
    out
        ``auc.h5ad``: X z-scores over cells, layers ``auc`` and ``mask`` (1 where undefined).
    ranking
        ``relative`` (imputed accessibility over its mean), ``imputed`` or ``counts``.
    threshold
        Share of the regions, from the top of a cell's ranking, that is looked at.
    """
    ranked = load_regions(regions, barcodes) if ranking == "counts" else ad.read_h5ad(topics)
    sets, var = _sets(cistromes, ranked.var_names)
    top = first_ranks(ranked.n_vars, threshold=threshold)
    auc = np.zeros((ranked.n_obs, len(var)), np.float32)
    if ranking == "counts":
        known = np.asarray(ranked.X.sum(axis=1)).ravel() > 0
        auc[known] = count_auc(ranked.X[known], sets, top=top)
    else:
        check_topics(ranked, path=topics)
        known = (ranked.obs[keys.TOPIC_FIT].astype(str) != "").to_numpy()
        auc[known] = imputed_auc(
            ranked.obsm[keys.X_TOPIC][known], ranked.varm[keys.TOPIC_REGION], sets,
            top=top, relative=ranking == "relative",
        )  # fmt: skip
    z, undefined = standardised(auc, known)
    logger.info(
        "%d cells × %d cistromes within the first %d of %d regions (ranking: %s); %d cells have "
        "nothing open and no score", *auc.shape, top, ranked.n_vars, ranking, (~known).sum(),
    )  # fmt: skip
    result = ad.AnnData(
        z,
        obs=pd.DataFrame(index=ranked.obs_names),
        var=var,
        layers={keys.AUC: auc, keys.MASK: undefined.astype(np.uint8)},
        uns={
            keys.AUC: {
                "ranking": ranking, "threshold": threshold, "top": top, "regions": ranked.n_vars
            }
        },
    )  # fmt: skip
    check_motif(result, path=out)
    write_h5ad(result, out)


def _sets(path: str, regions: pd.Index) -> tuple[sparse.csr_matrix, pd.DataFrame]:
    """Cistromes over the ranked regions, in their order, and what is known of each."""
    given = ad.read_h5ad(path)
    check_scores(given, path=path)
    where = given.obs_names.get_indexer(regions)
    matrix = given.X[np.maximum(where, 0)].multiply((where >= 0)[:, None]).tocsr()
    size = np.asarray(matrix.sum(axis=0, dtype=np.int64)).ravel()
    use = size >= FEWEST
    if not use.all():
        logger.info(
            "%d of %d cistromes have fewer than %d regions and are left out: %s",
            (~use).sum(), len(use), FEWEST, ", ".join(given.var_names[~use]),
        )  # fmt: skip
    if not use.any():
        logger.warning("%s has no cistrome to score: no motif is enriched in a region set", path)
    tf = given.var["tf"].astype(str)
    var = given.var[["evidence", "motifs"]].assign(name=tf, tfs=tf, n_regions=size)
    var = var[["name", "tfs", "evidence", "n_regions", "motifs"]].astype(
        {"evidence": str, "motifs": str}
    )
    return matrix[:, use], var[use]
