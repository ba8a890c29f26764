"""What an embedding looks like: its clusters, distances and correlated dimensions."""

import numpy as np
import pandas as pd

from multiome2vec.plots.style import COLOURS, GREY, natural, plain

CURVES = {
    "silhouette": ("silhouette", "higher is better", "max"),
    "calinski_harabasz": ("Calinski-Harabasz", "higher is better", "max"),
    "davies_bouldin": ("Davies-Bouldin", "lower is better", "min"),
}
MOST_WRITTEN = 12  # labels whose distances are written into their cells
FEWEST_TICKS = 40  # dimensions, above which every fifth is named


def shape_figure(
    clusters: pd.DataFrame, pairs: np.ndarray, between: pd.DataFrame, embedding: np.ndarray
):
    """Draw scores by number of clusters, distances of cells and of labels, correlated dimensions.

    Parameters
    ----------
    clusters
        Of :func:`multiome2vec.scores.clusters.cluster_curve`.
    pairs
        Distances of pairs of cells.
    between
        Of :func:`multiome2vec.scores.latent.label_distances`.
    embedding
        Cells × dimensions.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(14, 8.6), layout="constrained")
    for axis, (name, (title, better, best)) in zip(axes[0], CURVES.items(), strict=True):
        _curve(axis, clusters[name], f"{title} ({better})", best)
    _histogram(axes[1, 0], pairs)
    _between(axes[1, 1], between)
    _correlations(axes[1, 2], embedding)
    return figure


def _curve(axis, scores: pd.Series, title: str, best: str) -> None:
    axis.plot(scores.index, scores, color=COLOURS[0], marker="o", markersize=4)
    k = getattr(scores, f"idx{best}")()
    axis.axvline(k, color="black", linestyle=":", linewidth=0.8, label=f"best: {k}")
    axis.legend(fontsize=8, frameon=False)
    axis.set_xticks(scores.index)
    plain(axis, title=title, x="clusters (k-means)")


def _histogram(axis, pairs: np.ndarray) -> None:
    axis.hist(pairs, bins=60, color=GREY)
    median = float(np.median(pairs))
    axis.axvline(median, color=COLOURS[1], linewidth=1, label=f"median {median:.2f}")
    axis.legend(fontsize=8, frameon=False)
    plain(axis, title=f"distances of {len(pairs):,} pairs of cells", x="distance", y="pairs")


def _between(axis, between: pd.DataFrame) -> None:
    names = sorted(between.index, key=natural)
    values = between.loc[names, names].to_numpy()
    image = axis.imshow(values, cmap="viridis_r")
    axis.figure.colorbar(image, ax=axis, shrink=0.7)
    ticks = {"fontsize": 8 if len(names) <= MOST_WRITTEN else 5}
    axis.set_xticks(range(len(names)), names, rotation=90, **ticks)
    axis.set_yticks(range(len(names)), names, **ticks)
    if len(names) <= MOST_WRITTEN:
        middle = (values.min() + values.max()) / 2
        for (row, column), value in np.ndenumerate(values):
            shade = "white" if value > middle else "black"
            axis.text(column, row, f"{value:.1f}", ha="center", va="center", fontsize=7, c=shade)
    axis.set_title(
        "distances of labels (diagonal: of cells to their centre)", fontsize=9, loc="left"
    )


def _correlations(axis, embedding: np.ndarray) -> None:
    values = np.asarray(embedding, np.float64)
    varies = np.flatnonzero(values.std(axis=0) > 1e-12)
    image = axis.imshow(np.corrcoef(values[:, varies].T), cmap="RdBu_r", vmin=-1, vmax=1)
    axis.figure.colorbar(image, ax=axis, shrink=0.7)
    step = 1 if len(varies) <= FEWEST_TICKS else 5
    places = range(0, len(varies), step)
    names = [f"z{varies[place]}" for place in places]
    axis.set_xticks(places, names, rotation=90, fontsize=6)
    axis.set_yticks(places, names, fontsize=6)
    axis.set_title("correlations of the dimensions", fontsize=9, loc="left")
