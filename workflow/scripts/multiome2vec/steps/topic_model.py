"""Fit one topic model."""

import logging

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.atomic import write_h5ad
from multiome2vec.io.contracts import check_topics
from multiome2vec.io.regions import load_regions
from multiome2vec.topics.engines import REGISTRY
from multiome2vec.topics.gibbs import (
    CONVERGED,
    cell_topics,
    climb,
    log_likelihood,
    topic_regions,
)
from multiome2vec.topics.selection import arun, cao_juan, mimno

logger = logging.getLogger(__name__)


def topic_model(
    *, regions: str, barcodes: str, out: str, engine: str, k: int, alpha: float, eta: float,
    iterations: int, seed: int,
) -> None:  # fmt: skip
    """Fit ``k`` topics to the binarised regions of the finally kept cells.

    Parameters
    ----------
    regions, barcodes
        ``regions.h5ad`` and the final ``barcodes.tsv``.
    out
        ``topics.h5ad``: ``obsm["X_topic"]`` cells × k, ``varm["topic_region"]`` regions × k,
        ``uns["topics"]`` settings, log-likelihood by iteration and selection metrics. A cell
        without open regions has the prior's even shares, as has a region that is open nowhere.
    engine
        Registered sampler.
    alpha, eta
        Prior weight of all topics together and of one region.
    """
    adata = load_regions(regions, barcodes)
    binary = adata.X.astype(bool).astype(np.int32)
    cells = np.flatnonzero(np.diff(binary.indptr))
    open_regions = np.flatnonzero(np.bincount(binary.indices, minlength=adata.n_vars))
    if len(cells) <= k:
        raise UserError(
            f"{k} topics need more than {k} cells with open regions; there are {len(cells)}. Take "
            f"{k} out of topics.grid."
        )
    for what, kept, total in (
        ("cells", cells, adata.n_obs),
        ("regions", open_regions, adata.n_vars),
    ):
        if len(kept) < total:
            logger.info(
                "%d of %d %s have nothing open: their shares are the prior's",
                total - len(kept), total, what,
            )  # fmt: skip
    fitted = binary[cells][:, open_regions]
    sample = REGISTRY.get(engine)(
        fitted, k=k, alpha=alpha / k, eta=eta, iterations=iterations, seed=seed
    )
    rise = climb(sample.log_likelihood)
    logger.info("%d topics: the log-likelihood rises by %.4f %% per 10 iterations", k, 100 * rise)
    if rise > CONVERGED:
        logger.warning(
            "%d topics: the log-likelihood still climbs by more than %g %% per 10 iterations after "
            "%d iterations. Raise topics.iterations.", k, 100 * CONVERGED, iterations,
        )  # fmt: skip
    cell_topic = np.zeros((adata.n_obs, k), dtype=np.int64)
    region_topic = np.zeros((adata.n_vars, k), dtype=np.int64)
    cell_topic[cells], region_topic[open_regions] = sample.cell_topic, sample.region_topic
    cell_share = cell_topics(cell_topic, alpha=alpha / k)
    region_share = topic_regions(region_topic, eta=eta)
    metrics = {
        "arun": arun(region_share, cell_share, np.diff(binary.indptr)),
        "cao_juan": cao_juan(region_share),
        "mimno": mimno(region_share, binary),
        "log_likelihood": log_likelihood(
            sample.cell_topic, sample.region_topic, alpha=alpha / k, eta=eta
        ),
    }
    logger.info("%d topics: %s", k, {name: round(value, 4) for name, value in metrics.items()})
    settings = {"engine": engine, "k": k, "alpha": alpha, "eta": eta, "iterations": iterations}
    result = _result(adata, cell_share, region_share)
    result.uns["topics"] = {
        **settings, "seed": seed, "isa": sample.isa, "metrics": metrics,
        "log_likelihood": sample.log_likelihood, "log_likelihood_iteration": sample.iteration,
    }  # fmt: skip
    check_topics(result, path=out)
    write_h5ad(result, out)


def _result(adata, cell_share: np.ndarray, region_share: np.ndarray):
    import anndata as ad

    return ad.AnnData(
        obs=pd.DataFrame(index=adata.obs_names),
        var=adata.var[[keys.CHROM, keys.START, keys.END]],
        obsm={keys.X_TOPIC: cell_share.astype(np.float32)},
        varm={keys.TOPIC_REGION: region_share.astype(np.float32)},
    )
