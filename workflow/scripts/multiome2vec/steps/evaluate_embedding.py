"""Step: scores of one embedding against labels, planted truth, batches, trajectory and phases."""

import logging
from functools import partial
from typing import TYPE_CHECKING

import anndata as ad
import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.io.atomic import write_json
from multiome2vec.io.contracts import check_embedding
from multiome2vec.metrics import BATCHES, CLASSES, PHASES, PSEUDOTIME, REGISTRY, Undefined
from multiome2vec.mosaic import kinds

if TYPE_CHECKING:
    from anndata import AnnData

logger = logging.getLogger(__name__)
NO_CLASS = ("", "nan", keys.UNLABELLED)
OF_KINDS = ("ari", "knn")  # metrics for each kind of cells of a mosaic
MIXING = ("ilisi", "batch-silhouette")  # of these kinds


def evaluate_embedding(
    *,
    embedding: str,
    out: str,
    run: dict[str, str | int],
    metrics: list[str],
    n_neighbors: int,
    seed: int,
) -> None:
    """Write the scores of :func:`scores_of` as JSON.

    Parameters
    ----------
    embedding, out
        ``embeddings/{model}/seed-{seed}.h5ad`` and the JSON.
    run
        What was scored: dataset, model and its seed; copied to the JSON.
    metrics, n_neighbors, seed
        See :func:`scores_of`.
    """
    cells = ad.read_h5ad(embedding)
    check_embedding(cells, path=embedding)
    found = scores_of(cells, metrics=metrics, n_neighbors=n_neighbors, seed=seed)
    logger.info("%s", found)
    write_json({**run, **found}, out)


def scores_of(cells: "AnnData", *, metrics: list[str], n_neighbors: int, seed: int) -> dict:
    """Score an embedding against labels, true types (simulated data), batches, pseudotime, phases.

    Cells on the trajectory and doublets have no true type of their own: they are left out of the
    scores against it, and counted. A score that is not defined is left out, with the reason under
    ``undefined``.

    Parameters
    ----------
    cells
        Cells × dimensions in X; what is known of the cells in obs.
    metrics
        Registered metrics. Those against batches need two batches, those against pseudotime a known
        one, those against phases a phase of the cell cycle.
    n_neighbors, seed
        Of graphs, classifiers, clusterings and folds.
    """
    functions = {
        name: partial(REGISTRY.get(name), n_neighbors=n_neighbors, seed=seed) for name in metrics
    }
    result = {"n_cells": cells.n_obs, "n_dimensions": cells.n_vars, "against": {}, "undefined": {}}
    for column, reasons in left_out(cells.obs).items():
        use = ~reasons.any(axis=1).to_numpy()
        classes = cells.obs[column].astype(str).to_numpy()
        scores = _scores(functions, CLASSES, result["undefined"], column, cells[use], classes[use])
        counts = {name: int(n) for name, n in reasons.sum().items() if n}
        result["against"][column] = {"n_cells": int(use.sum()), "left_out": counts, **scores}
    if keys.LABEL in cells.obs and cells.obs[keys.BATCH].nunique() > 1:
        given = [cells.obs[name].astype(str).to_numpy() for name in (keys.LABEL, keys.BATCH)]
        scores = _scores(functions, BATCHES, result["undefined"], "batch", cells, *given)
        result["batch"] = {"n_batches": int(cells.obs[keys.BATCH].nunique()), **scores}
    if keys.TRUE_PSEUDOTIME in cells.obs:
        use = on_trajectory(cells.obs)
        time = cells.obs[keys.TRUE_PSEUDOTIME].to_numpy(dtype=float)[use]
        scores = _scores(functions, PSEUDOTIME, result["undefined"], "trajectory", cells[use], time)
        result["trajectory"] = {"n_cells": int(use.sum()), **scores}
    if any(metric.func.against == PHASES for metric in functions.values()):
        _enter_phases(result, functions, cells)
    measured = kinds(cells.obs)
    if measured is not None and measured.nunique() > 1:
        result["kinds"] = _kinds(functions, result["undefined"], cells, measured.to_numpy())
    return result


def _enter_phases(result: dict, functions: dict[str, partial], cells: "AnnData") -> None:
    """Enter the scores against phases of the cell cycle, or why there are none."""
    if keys.PHASE not in cells.obs:
        result["undefined"][keys.PHASE] = (
            "the cells have no phase of the cell cycle: there is no RNA, annotate.cell_cycle is "
            "null, or the data have too few of its genes (log of annotate_rna)"
        )
        return
    phases = cells.obs[keys.PHASE].astype(str).to_numpy()
    use = ~np.isin(phases, NO_CLASS)
    scores = _scores(functions, PHASES, result["undefined"], "cells", cells[use], phases[use])
    result[keys.PHASE] = {"n_cells": int(use.sum()), **scores}


def _kinds(
    functions: dict[str, partial], undefined: dict, cells: "AnnData", measured: np.ndarray
) -> dict:
    """Scores of each kind of cells against each column of classes, and how the kinds mix."""
    numbers = dict(zip(*np.unique(measured, return_counts=True), strict=True))
    found = {"n_cells": {kind: int(n) for kind, n in numbers.items()}, "against": {}}
    few = {name: metric for name, metric in functions.items() if name in OF_KINDS}
    for column, reasons in left_out(cells.obs).items():
        use = ~reasons.any(axis=1).to_numpy()
        classes = cells.obs[column].astype(str).to_numpy()
        for kind in numbers:
            own = use & (measured == kind)
            what = f"{column} of {kind} cells"
            scores = _scores(few, CLASSES, undefined, what, cells[own], classes[own])
            found["against"].setdefault(column, {})[kind] = scores
    mixing = {name: metric for name, metric in functions.items() if name in MIXING}
    label = cells.obs[keys.LABEL].astype(str).to_numpy()
    return found | {"mixing": _scores(mixing, BATCHES, undefined, "kinds", cells, label, measured)}


def _scores(
    functions: dict[str, partial],
    against: str,
    undefined: dict[str, str],
    what: str,
    cells: "AnnData",
    *given: np.ndarray,
) -> dict[str, float]:
    """Scores of all metrics of one kind; if there are none, the reason goes to ``undefined``."""
    embedding = np.ascontiguousarray(cells.X)
    scores = {}
    for name, metric in functions.items():
        if metric.func.against != against:
            continue
        try:
            scores |= {key: float(value) for key, value in metric(embedding, *given).items()}
        except Undefined as error:
            undefined[f"{what} {name}"] = str(error)
            logger.warning("%s against %s is not defined: %s", name, what, error)
    return scores


def left_out(obs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Columns of classes to score against, each with the cells that do not count, by reason."""
    found = {}
    for column in (keys.LABEL, keys.TRUE_TYPE):
        if column in obs:
            found[column] = pd.DataFrame({"no class": obs[column].astype(str).isin(NO_CLASS)})
    if keys.TRUE_TYPE in found:
        found[keys.TRUE_TYPE]["doublet"] = _doublets(obs)
        found[keys.TRUE_TYPE]["on trajectory"] = _flag(obs, keys.ON_TRAJECTORY)
    return found


def on_trajectory(obs: pd.DataFrame) -> np.ndarray:
    """Single cells with a true pseudotime."""
    known = np.isfinite(obs[keys.TRUE_PSEUDOTIME].to_numpy(dtype=float))
    return known & ~_doublets(obs).to_numpy()


def _doublets(obs: pd.DataFrame) -> pd.Series:
    if keys.TRUE_DOUBLET not in obs:
        return pd.Series(False, index=obs.index)
    return ~obs[keys.TRUE_DOUBLET].astype(str).isin(["singlet", *NO_CLASS])


def _flag(obs: pd.DataFrame, column: str) -> pd.Series:
    """Boolean column as booleans, however it was written."""
    if column not in obs:
        return pd.Series(False, index=obs.index)
    return obs[column].astype(str).eq("True")
