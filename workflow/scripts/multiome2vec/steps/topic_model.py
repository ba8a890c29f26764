"""Fit one topic model."""

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.atomic import write_h5ad
from multiome2vec.io.contracts import check_topics
from multiome2vec.io.labels import labels_of
from multiome2vec.io.regions import load_regions
from multiome2vec.topics import gibbs
from multiome2vec.topics.engines import REGISTRY
from multiome2vec.topics.foldin import choose_fit_cells, fold_in, perplexity
from multiome2vec.topics.selection import arun, cao_juan, coherence

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """How a model is fitted; ``alpha`` is the prior weight of all topics together.

    Attributes
    ----------
    k, alpha, eta, iterations, seed
        Topics, priors (``eta`` of one region), sweeps and seed of the sampler.
    fit_cells
        Cells to fit to, at most, drawn by label and sample; the others are folded in.
    held_out
        Share of the cells that are held out to measure perplexity, then folded in.
    """

    k: int
    alpha: float
    eta: float
    iterations: int
    seed: int
    fit_cells: int
    held_out: float


def topic_model(
    *, regions: str, barcodes: str, labels: str, out: str, engine: str, settings: dict
) -> None:
    """Fit topics to the binarised regions of the finally kept cells.

    Parameters
    ----------
    regions, barcodes, labels
        ``regions.h5ad``, the final ``barcodes.tsv`` and ``labels.tsv``.
    out
        ``topics.h5ad``: ``obsm["X_topic"]`` cells × k, ``varm["topic_region"]`` regions × k,
        ``obs["topic_fit"]`` (fitted, held_out, folded_in or empty), ``uns["topics"]`` settings,
        log-likelihood by iteration and selection metrics. A cell without open regions has the
        prior's even shares, as has a region that is open nowhere.
    engine
        Registered sampler.
    settings
        See :class:`Settings`.
    """
    chosen = Settings(**settings)
    adata = load_regions(regions, barcodes)
    binary = adata.X
    binary.eliminate_zeros()
    binary.data = np.ones(binary.nnz, dtype=np.int32)
    role = _roles(binary, _strata(adata, labels), chosen)
    fitted = binary[role == "fitted"]
    open_regions = np.flatnonzero(np.bincount(fitted.indices, minlength=adata.n_vars))
    _log_what_is_closed(role, adata, len(open_regions))
    alpha = chosen.alpha / chosen.k
    sample = REGISTRY.get(engine)(
        fitted[:, open_regions],
        k=chosen.k, alpha=alpha, eta=chosen.eta, iterations=chosen.iterations, seed=chosen.seed,
    )  # fmt: skip
    _log_convergence(sample, chosen)

    region_topic = np.zeros((adata.n_vars, chosen.k), dtype=np.int64)
    region_topic[open_regions] = sample.region_topic
    region_share = gibbs.topic_regions(region_topic, eta=chosen.eta)
    cell_topic = np.zeros((adata.n_obs, chosen.k))
    cell_topic[role == "fitted"] = sample.cell_topic
    others = (role == "held_out") | (role == "folded_in")
    cell_topic[others] = fold_in(binary[others], region_share, alpha=alpha)
    cell_share = gibbs.cell_topics(cell_topic, alpha=alpha)

    metrics = {
        "arun": arun(region_share, cell_share, np.diff(binary.indptr)),
        "cao_juan": cao_juan(region_share),
        "mimno": float(coherence(region_share, binary).mean()),
        "log_likelihood": gibbs.log_likelihood(
            sample.cell_topic, sample.region_topic, alpha=alpha, eta=chosen.eta
        ),
        "perplexity": perplexity(
            binary[role == "held_out"], region_share, alpha=alpha,
            rng=np.random.default_rng(chosen.seed),
        ),
    }  # fmt: skip
    logger.info(
        "%d topics: %s", chosen.k, {name: round(value, 4) for name, value in metrics.items()}
    )
    result = _result(adata, cell_share, region_share)
    result.obs[keys.TOPIC_FIT] = pd.Categorical(role)
    result.uns["topics"] = {
        **settings, "engine": engine, "isa": sample.isa, "metrics": metrics,
        "log_likelihood": sample.log_likelihood, "log_likelihood_iteration": sample.iteration,
    }  # fmt: skip
    check_topics(result, path=out)
    write_h5ad(result, out)


def _strata(adata, labels: str) -> pd.Series:
    """Label and sample of each cell."""
    label = pd.Series(labels_of(labels, adata.obs_names), index=adata.obs_names)
    return label + keys.CELL_SEPARATOR + keys.samples_of(adata.obs_names)


def _roles(binary: sparse.csr_matrix, strata: pd.Series, settings: Settings) -> np.ndarray:
    """Decide what each cell is for: fitted, held_out, folded_in; empty if it has nothing open."""
    some = np.flatnonzero(np.diff(binary.indptr))
    rng = np.random.default_rng(settings.seed)
    fit, held = choose_fit_cells(
        strata.iloc[some], most=settings.fit_cells, held_out=settings.held_out, rng=rng
    )
    if len(fit) <= settings.k:
        raise UserError(
            f"{settings.k} topics need more than {settings.k} cells with open regions; there are "
            f"{len(fit)}. Take {settings.k} out of topics.grid."
        )
    role = np.full(binary.shape[0], "", dtype=object)
    role[some] = "folded_in"
    role[some[fit]], role[some[held]] = "fitted", "held_out"
    logger.info("cells: %s", pd.Series(role[some]).value_counts().to_dict())
    return role


def _log_what_is_closed(role: np.ndarray, adata, n_open: int) -> None:
    closed = {"cells": (role == "").sum(), "regions": adata.n_vars - n_open}
    for what, n in closed.items():
        if n:
            logger.info("%d %s have nothing open: their shares are the prior's", n, what)


def _log_convergence(sample: gibbs.GibbsSample, settings: Settings) -> None:
    k = settings.k
    if sample.iteration[0] > gibbs.RECORD_EVERY:
        logger.info("%d topics: the engine records only the end, so convergence is unknown", k)
        return
    rise = gibbs.climb(sample.log_likelihood)
    logger.info("%d topics: the log-likelihood rises by %.4f %% per 10 iterations", k, 100 * rise)
    if rise > gibbs.CONVERGED:
        logger.warning(
            "%d topics: the log-likelihood still climbs by more than %g %% per 10 iterations after "
            "%d iterations. Raise topics.iterations.",
            k, 100 * gibbs.CONVERGED, settings.iterations,
        )  # fmt: skip


def _result(adata, cell_share: np.ndarray, region_share: np.ndarray):
    import anndata as ad

    return ad.AnnData(
        obs=pd.DataFrame(index=adata.obs_names),
        var=adata.var[[keys.CHROM, keys.START, keys.END]],
        obsm={keys.X_TOPIC: cell_share.astype(np.float32)},
        varm={keys.TOPIC_REGION: region_share.astype(np.float32)},
    )
