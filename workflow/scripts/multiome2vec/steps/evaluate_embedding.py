"""Score one embedding against labels, planted truth, batches and trajectory."""

import logging
from collections.abc import Callable
from functools import partial

import anndata as ad
import numpy as np

from multiome2vec import keys
from multiome2vec.io.atomic import write_json
from multiome2vec.io.contracts import check_embedding
from multiome2vec.metrics import REGISTRY
from multiome2vec.metrics._batches import batch_silhouette
from multiome2vec.metrics._trajectory import pseudotime_correlation

logger = logging.getLogger(__name__)

UNLABELLED = "unlabelled"


def evaluate_embedding(
    *, embedding: str, out: str, metrics: list[str], n_neighbors: int, seed: int
) -> None:
    """Write the scores as JSON: against labels and (simulated data) true types, batch, pseudotime.

    Cells on the trajectory and doublets are left out of the scores against the true type. A score
    that is not defined is left out, with the reason under ``undefined``.

    Parameters
    ----------
    embedding, out
        ``embeddings/{model}/seed-{seed}.h5ad`` and the JSON.
    metrics
        Registered metrics.
    n_neighbors, seed
        Of graphs, classifiers, clusterings and folds.
    """
    cells = ad.read_h5ad(embedding)
    check_embedding(cells, path=embedding)
    result = {**cells.uns[keys.PROVENANCE], "n_cells": cells.n_obs, "undefined": {}}
    result["against"] = {
        name: {
            "n_cells": int(use.sum()),
            **_class_scores(cells[use], name, metrics, result["undefined"], n_neighbors, seed),
        }
        for name, use in classes(cells.obs).items()
    }
    if keys.LABEL in cells.obs and cells.obs[keys.BATCH].nunique() > 1:
        result["batch"] = _defined(
            "batch", result["undefined"], lambda: {"batch_silhouette": _batch_score(cells)}
        )
    if keys.TRUE_PSEUDOTIME in cells.obs:
        time = cells.obs[keys.TRUE_PSEUDOTIME].to_numpy(dtype=float)
        use = np.isfinite(time) & singlets(cells.obs)
        result["trajectory"] = _defined(
            "trajectory", result["undefined"],
            lambda: {
                "pseudotime_spearman": pseudotime_correlation(
                    cells.X[use], time[use], n_neighbors=n_neighbors
                )
            },
        )  # fmt: skip
    logger.info("%s", result)
    write_json(result, out)


def _class_scores(
    cells, column: str, metrics: list[str], undefined: dict[str, str], n_neighbors: int, seed: int
) -> dict[str, float]:
    """Scores of all metrics against one column of classes."""
    labels = cells.obs[column].astype(str).to_numpy()
    embedding = np.ascontiguousarray(cells.X)
    scores = {}
    for metric in metrics:
        function = partial(REGISTRY.get(metric), n_neighbors=n_neighbors, seed=seed)
        name = f"{column}.{metric}"
        scores |= _defined(name, undefined, partial(function, embedding, labels))
    return scores


def _batch_score(cells) -> float:
    labels, batches = (cells.obs[name].astype(str).to_numpy() for name in (keys.LABEL, keys.BATCH))
    return batch_silhouette(cells.X, labels, batches)


def classes(obs) -> dict[str, np.ndarray]:
    """Columns to score against, each with the cells that count."""
    found = {}
    if keys.LABEL in obs:
        found[keys.LABEL] = (obs[keys.LABEL].astype(str) != UNLABELLED).to_numpy()
    if keys.TRUE_TYPE in obs:
        on_trajectory = obs[keys.ON_TRAJECTORY].astype(str).eq("True").to_numpy()
        found[keys.TRUE_TYPE] = singlets(obs) & ~on_trajectory
    return found


def singlets(obs) -> np.ndarray:
    """Cells that the truth does not call doublets."""
    return obs[keys.TRUE_DOUBLET].astype(str).eq("singlet").to_numpy()


def _defined(
    name: str, undefined: dict[str, str], run: Callable[[], dict[str, float]]
) -> dict[str, float]:
    """Scores of one metric; if there are none, the reason goes to ``undefined``."""
    try:
        return {key: float(value) for key, value in run().items()}
    except ValueError as error:
        undefined[name] = str(error)
        logger.warning("%s is not defined: %s", name, error)
        return {}
