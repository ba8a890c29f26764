"""What the commands of :mod:`multiome2vec.cli_cells` do with their options."""

import argparse
from typing import TYPE_CHECKING

import numpy as np

from multiome2vec import keys
from multiome2vec.errors import UserError

if TYPE_CHECKING:
    from anndata import AnnData

COMMAND = "the command"  # where paths are written, for messages


def preprocess(options: argparse.Namespace) -> None:
    """Write cells that models can be trained on."""
    from multiome2vec import preprocess as library
    from multiome2vec.io.atomic import write_h5mu

    names = options.modality or (keys.RNA, keys.ATAC)
    modalities = {
        name: library.read_raw(options.file, modality=name, counting=options.counting)
        for name in names
    }
    cells = library.preprocess(
        modalities,
        min_genes=options.min_genes,
        max_genes=options.max_genes,
        max_pct_mt=options.max_pct_mt,
        min_regions=options.min_regions,
        min_cells=options.min_cells,
        n_top_genes=options.top_genes,
        mt_prefix=options.mt_prefix,
    )
    write_h5mu(cells, options.out)


def pseudobulk(options: argparse.Namespace) -> None:
    """Write sums of counts by donor and label, and mixtures of labels."""
    from multiome2vec.io.atomic import write_h5ad
    from multiome2vec.tasks import pseudobulk as library

    counts, source, obs = _counts(options.data, options.modality, [options.donor, options.label])
    bulk = library.pseudobulk(
        counts,
        donors=obs[options.donor].astype(str),
        labels=obs[options.label].astype(str),
        min_cells=options.min_cells,
    )
    write_h5ad(library.bulk_object(bulk, source.var, modality=options.modality), options.out)
    if options.mixtures:
        mixtures = library.dirichlet_mixtures(
            bulk, alpha=options.alpha, per_donor=options.per_donor, seed=options.seed
        )
        write_h5ad(library.mixture_object(mixtures, source.var), options.mixtures)


def _counts(path: str, modality: str, columns: list[str]):
    """Read the counts of the cells that have a modality, its source, and obs of these cells."""
    from scipy import sparse

    from multiome2vec.data.readers import read_dataset
    from multiome2vec.models.config import CONTINUOUS

    data = read_dataset(path)
    if modality not in data.modalities:
        there = ", ".join(data.modalities)
        raise UserError(f"{path} has no modality '{modality}' (modalities: {there}).")
    source = data.modalities[modality]
    if source.kind == CONTINUOUS:
        raise UserError(f"{path}: {modality} has no counts (layers['{keys.COUNTS}']) to sum.")
    for column in columns:
        _require_column(data.obs, column, path)
    cells = np.flatnonzero(source.rows >= 0)
    found = source.store.csr(source.rows[cells])
    shape = (len(cells), source.store.shape[1])
    matrix = sparse.csr_matrix((found.values, found.indices, found.indptr), shape=shape)
    return matrix, source, data.obs.iloc[cells]


def differential(options: argparse.Namespace) -> None:
    """Rank the features of groups of cells."""
    from pathlib import Path

    import anndata as ad

    from multiome2vec.io.atomic import write_tsv
    from multiome2vec.io.files import require_file
    from multiome2vec.tasks.differential import differential as rank

    if Path(options.data).is_dir():
        cells = ad.read_zarr(options.data)
    else:
        cells = ad.read_h5ad(require_file(options.data, named_in=COMMAND))
    _require_column(cells.obs, options.label, options.data)
    groups = cells.obs[options.label].astype(str).to_numpy()
    found = rank(cells.X, groups=groups, names=cells.var_names, scale=options.scale)
    write_tsv(found, options.out, index=False)


def evaluate(options: argparse.Namespace) -> None:
    """Score an embedding."""
    from multiome2vec.commands import report
    from multiome2vec.io.atomic import write_tsv
    from multiome2vec.steps.describe_embedding import shape_scores
    from multiome2vec.steps.evaluate_embedding import scores_of

    cells = _embedding(options)
    given = {"n_neighbors": options.neighbors, "seed": options.seed}
    scores = scores_of(cells, metrics=list(options.metrics), **given)
    curve, scores["shape"] = shape_scores(cells.X, seed=options.seed)
    if options.clusters:
        write_tsv(curve, options.clusters)
    report(scores, options.out)


def plot(options: argparse.Namespace) -> None:
    """Draw an embedding or a training."""
    from multiome2vec.io.atomic import save_figure, write_tsv

    if options.figure == "history":
        from multiome2vec.io.files import require_file
        from multiome2vec.steps.plot_history import plot_history

        history = str(require_file(options.file, named_in=COMMAND))
        plot_history(history=history, figure=options.out)
        return
    from multiome2vec.steps import describe_embedding as describe

    cells, seed = _embedding(options), options.seed
    if options.figure == "shape":
        curve, _ = describe.shape_scores(cells.X, seed=seed)
        save_figure(describe.draw_shape(cells, curve, seed=seed), options.out)
        return
    points, figure = describe.draw_maps(
        cells, n_neighbors=options.neighbors, seed=seed, dimensions=options.dimensions
    )
    save_figure(figure, options.out)
    if options.coordinates:
        write_tsv(points.round(4), options.coordinates)


def _embedding(options: argparse.Namespace) -> "AnnData":
    """Read an embedding, with the label and batch of its cells under the names used here."""
    import anndata as ad

    from multiome2vec.io.contracts import check_embedding
    from multiome2vec.io.files import require_file
    from multiome2vec.io.multiome import read_obs

    given = options.embedding if "embedding" in options else options.file
    path = str(require_file(given, named_in=COMMAND))
    cells = ad.read_h5ad(path)
    check_embedding(cells, path=path)
    obs, where = cells.obs, path
    if options.obs:
        where = str(require_file(options.obs, named_in=COMMAND))
        obs = read_obs(where)
        missing = cells.obs_names[~cells.obs_names.isin(obs.index)]
        if len(missing):
            raise UserError(f"{where} lacks {len(missing)} cells of {path}, {missing[0]} first.")
        obs = obs.loc[cells.obs_names]
    for name, column in {keys.LABEL: options.label, keys.BATCH: options.batch}.items():
        if column != name:
            _require_column(obs, column, where)
        if column in obs:
            cells.obs[name] = obs[column].astype(str).to_numpy()
    if keys.BATCH not in cells.obs:
        cells.obs[keys.BATCH] = "all"
    return cells


def _require_column(obs, column: str, path: str) -> None:
    if column not in obs:
        raise UserError(f"{path}: obs has no column '{column}': {', '.join(map(str, obs))}.")
