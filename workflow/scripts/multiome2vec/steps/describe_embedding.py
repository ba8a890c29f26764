"""Step: clusters, distances and correlations of one embedding, and maps of it."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import anndata as ad
import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.atomic import save_figure, write_json, write_tsv
from multiome2vec.io.contracts import check_embedding
from multiome2vec.metrics import Undefined
from multiome2vec.plots.embedding import (
    maps_figure,
    pca_coordinates,
    tsne_coordinates,
    umap_coordinates,
)
from multiome2vec.plots.shape import shape_figure
from multiome2vec.scores.clusters import cluster_curve
from multiome2vec.scores.latent import correlations, distances, label_distances, pair_distances

if TYPE_CHECKING:
    from anndata import AnnData

logger = logging.getLogger(__name__)
MOST_MAPPED = 10_000  # cells of the maps: t-SNE of more takes hours
MAPS = ("PCA", "UMAP", "t-SNE")


def describe_embedding(
    *,
    embedding: str | Path,
    clusters: str | Path,
    scores: str | Path,
    figure: str | Path,
    maps: str | Path,
    coordinates: str | Path,
    n_neighbors: int,
    seed: int,
) -> None:
    """Write what an embedding looks like, whatever its labels are worth.

    Parameters
    ----------
    embedding
        ``embeddings/{model}/seed-{seed}.h5ad``.
    clusters
        TSV of :func:`multiome2vec.scores.clusters.cluster_curve`.
    scores
        JSON of :func:`shape_scores`.
    figure, maps
        The two figures.
    coordinates
        TSV of the maps: cell, then ``pca1``, ``pca2``, ``umap1``, ... of at most
        :data:`MOST_MAPPED` random cells.
    n_neighbors, seed
        Of UMAP; of everything random.
    """
    cells = ad.read_h5ad(embedding)
    check_embedding(cells, path=str(embedding))
    curve, found = shape_scores(cells.X, seed=seed)
    logger.info("%s", found)
    write_tsv(curve, clusters)
    save_figure(draw_shape(cells, curve, seed=seed), figure)
    points, drawn = draw_maps(cells, n_neighbors=n_neighbors, seed=seed)
    save_figure(drawn, maps)
    write_tsv(points.round(4), coordinates)
    write_json(found, scores)


def shape_scores(values: np.ndarray, *, seed: int) -> tuple[pd.DataFrame, dict]:
    """Scores that need no labels.

    Returns
    -------
    pandas.DataFrame
        By number of clusters.
    dict
        ``best_k`` by silhouette; scores of :func:`multiome2vec.scores.latent.distances` and
        :func:`~multiome2vec.scores.latent.correlations`; ``undefined``: why some are missing.
    """
    curve = _defined(lambda: cluster_curve(values, seed=seed))
    found = {"n_cells": len(values), "best_k": int(curve["silhouette"].idxmax()), "undefined": {}}
    found |= _defined(lambda: distances(values, seed=seed))
    try:
        found |= correlations(values)
    except Undefined as error:
        found["undefined"]["correlations"] = str(error)
    return curve, found


def draw_shape(cells: "AnnData", curve: pd.DataFrame, *, seed: int):
    """Figure of the clusters, distances and correlations."""
    pairs = pair_distances(cells.X, seed=seed)
    return shape_figure(curve, pairs, label_distances(cells.X, _labels(cells)), cells.X)


def draw_maps(
    cells: "AnnData", *, n_neighbors: int, seed: int, dimensions: int = 2
) -> tuple[pd.DataFrame, object]:
    """Coordinates and figure of PCA, UMAP and t-SNE, of at most :data:`MOST_MAPPED` cells."""
    if cells.n_obs > MOST_MAPPED:
        chosen = np.random.default_rng(seed).choice(cells.n_obs, MOST_MAPPED, replace=False)
        cells = cells[np.sort(chosen)]
        logger.info("The maps show %d random cells", MOST_MAPPED)
    values = np.ascontiguousarray(cells.X)
    options = {"seed": seed, "dimensions": dimensions}
    points = (
        pca_coordinates(values, dimensions=dimensions),
        umap_coordinates(values, n_neighbors=n_neighbors, **options),
        tsne_coordinates(values, **options),
    )
    maps = dict(zip(MAPS, points, strict=True))
    columns = [f"{n.lower().replace('-', '')}{i + 1}" for n in MAPS for i in range(dimensions)]
    table = pd.DataFrame(np.hstack(points), cells.obs_names, columns)
    return table.rename_axis(keys.CELL), maps_figure(maps, _labels(cells))


def _labels(cells: "AnnData") -> np.ndarray:
    if keys.LABEL not in cells.obs:
        return np.full(cells.n_obs, keys.UNLABELLED)
    return cells.obs[keys.LABEL].astype(str).to_numpy()


def _defined(score: Callable):
    """Return a score; tell the user if the cells are too few, or one like the other."""
    try:
        return score()
    except Undefined as error:
        raise UserError(f"The embedding cannot be described: {error}.") from None
