"""Command line of what stands before and after a model: cells, pseudobulks, scores, figures."""

import argparse
from collections.abc import Callable

from multiome2vec import commands_cells as commands
from multiome2vec import keys

#: as the workflow has them (evaluation.metrics)
METRICS = ("ari", "nmi", "silhouette", "knn", "batch-silhouette", "graph-connectivity", "ilisi")
METRICS += ("pseudotime", "phase")
EMBEDDING = "h5ad, cells × dimensions, of 'embed' or of the workflow"
FIGURES = ("maps", "shape", "history")


def add_commands(parsers, command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands.

    Parameters
    ----------
    parsers
        Of the program's commands.
    command
        Adds one with the options that all have.
    """
    for make in (_preprocess, _pseudobulk, _differential, _evaluate, _plot):
        make(parsers, command)


def _preprocess(parsers, command: Callable) -> None:
    text = "turn the raw counts of one sample into an h5mu that 'train' takes"
    parser = command(parsers, commands.preprocess, "preprocess", text)
    parser.add_argument(
        "file", help="filtered_feature_bc_matrix.h5 of Cell Ranger or its folder, h5ad or h5mu"
    )
    parser.add_argument("--out", required=True, metavar="FILE", help="h5mu")
    parser.add_argument(
        "--modality",
        action="append",
        choices=(keys.RNA, keys.ATAC),
        help="take this modality alone (without it: RNA and ATAC)",
    )
    parser.add_argument(
        "--counting",
        choices=keys.COUNTING_UNITS,
        default="",
        help="unit of the ATAC counts of an h5ad or h5mu that states none",
    )
    parser.add_argument("--min-genes", type=int, default=200, help="of a cell")
    parser.add_argument("--max-genes", type=int, help="of a cell; without it no limit")
    parser.add_argument("--max-pct-mt", type=float, default=25.0, help="mitochondrial, in percent")
    parser.add_argument("--min-regions", type=int, default=0, help="open regions of a cell")
    parser.add_argument("--min-cells", type=int, default=3, help="of a gene or region")
    parser.add_argument("--top-genes", type=int, default=2000, help="marked as highly variable")
    parser.add_argument("--mt-prefix", default="MT-", help="of mitochondrial genes, case ignored")


def _pseudobulk(parsers, command: Callable) -> None:
    text = "sum counts by donor and label, or mix labels in random proportions"
    parser = command(parsers, commands.pseudobulk, "pseudobulk", text)
    parser.add_argument("data", help="cells with counts, as for 'train'")
    parser.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help="h5ad, sums by donor and label",
    )
    parser.add_argument("--modality", default=keys.RNA, help="of which counts are summed")
    parser.add_argument("--donor", default=keys.DONOR, metavar="COLUMN", help="column of obs")
    parser.add_argument("--label", default=keys.LABEL, metavar="COLUMN", help="column of obs")
    parser.add_argument("--min-cells", type=int, default=10, help="of a donor and label")
    parser.add_argument(
        "--mixtures",
        metavar="FILE",
        help="h5ad of mixtures of each donor's labels (log1p of counts per 10,000), with their "
        "proportions in obsm",
    )
    parser.add_argument("--per-donor", type=int, default=10, help="mixtures of each donor")
    parser.add_argument(
        "--alpha", type=float, default=1.0, help="of the Dirichlet distribution of the proportions"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the proportions")


def _differential(parsers, command: Callable) -> None:
    text = "rank the features that tell groups of cells apart, in observed or imputed values"
    parser = command(parsers, commands.differential, "differential", text)
    parser.add_argument("data", help="what 'impute' wrote (h5ad or zarr folder), or another h5ad")
    parser.add_argument("--out", required=True, metavar="FILE", help="TSV (gzip if .gz)")
    parser.add_argument("--label", default=keys.LABEL, metavar="COLUMN", help="column of obs")
    parser.add_argument(
        "--scale", choices=("log1p", "linear"), default="linear", help="of X; imputed: linear"
    )


def _columns(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--obs", metavar="FILE", help="data whose obs has the columns, if not the embedding's own"
    )
    parser.add_argument("--label", default=keys.LABEL, metavar="COLUMN", help="column of obs")
    parser.add_argument("--batch", default=keys.BATCH, metavar="COLUMN", help="column of obs")
    parser.add_argument("--neighbors", type=int, default=15, help="of graphs and classifiers")
    parser.add_argument("--seed", type=int, default=0, help="of everything random")


def _evaluate(parsers, command: Callable) -> None:
    text = "score an embedding: labels, batches, trajectory and phases as far as known, clusters"
    parser = command(parsers, commands.evaluate, "evaluate", text)
    parser.add_argument("embedding", help=EMBEDDING)
    parser.add_argument("--out", metavar="FILE", help="JSON of the scores; printed by default")
    parser.add_argument(
        "--metrics", nargs="+", default=METRICS, metavar="NAME", help="as evaluation.metrics"
    )
    parser.add_argument(
        "--clusters",
        metavar="FILE",
        help="TSV of silhouette, Calinski-Harabasz and Davies-Bouldin by number of clusters",
    )
    _columns(parser)


def _plot(parsers, command: Callable) -> None:
    text = (
        "draw an embedding (maps: PCA, UMAP, t-SNE; shape: clusters, distances, correlations) or a "
        "training (history)"
    )
    parser = command(parsers, commands.plot, "plot", text)
    parser.add_argument("figure", choices=FIGURES)
    parser.add_argument("file", help=f"{EMBEDDING}; of 'history', history.tsv of a model")
    parser.add_argument("--out", required=True, metavar="FILE", help="PNG")
    parser.add_argument("--coordinates", metavar="FILE", help="TSV of the coordinates of the maps")
    parser.add_argument("--dimensions", type=int, choices=(2, 3), default=2, help="of the maps")
    _columns(parser)
