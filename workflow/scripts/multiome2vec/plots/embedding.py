"""An embedding in two or three dimensions, for drawing."""

from collections.abc import Mapping

import numpy as np

from multiome2vec.plots.style import colours_of, natural, plain

MOST_IN_LEGEND = 40


def umap_coordinates(
    embedding: np.ndarray, *, n_neighbors: int, seed: int, dimensions: int = 2
) -> np.ndarray:
    """UMAP dimensions (McInnes 2018), the same for the same seed (one thread)."""
    from umap import UMAP

    n = min(n_neighbors, len(embedding) - 1)
    options = {"n_components": dimensions, "min_dist": 0.3, "random_state": seed, "n_jobs": 1}
    return UMAP(n_neighbors=n, **options).fit_transform(embedding)


def pca_coordinates(embedding: np.ndarray, *, dimensions: int = 2) -> np.ndarray:
    """Coordinates [N, dimensions] along principal components; 0 beyond those that there are."""
    from sklearn.decomposition import PCA

    n = min(dimensions, *embedding.shape)
    found = PCA(n, svd_solver="full").fit_transform(embedding)
    return np.pad(found, [(0, 0), (0, dimensions - n)])


def tsne_coordinates(embedding: np.ndarray, *, seed: int, dimensions: int = 2) -> np.ndarray:
    """t-SNE dimensions (van der Maaten 2008) from PCA, perplexity 30 or a third of the cells."""
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(embedding) - 1) / 3)
    found = TSNE(dimensions, perplexity=perplexity, init="pca", random_state=seed, n_jobs=1)
    return found.fit_transform(embedding)


def maps_figure(maps: Mapping[str, np.ndarray], labels: np.ndarray):
    """Draw maps side by side, coloured by label.

    Parameters
    ----------
    maps
        Coordinates [N, 2 or 3] by the map's name.
    labels
        [N].
    """
    import matplotlib.pyplot as plt

    names, counts = np.unique(np.asarray(labels).astype(str), return_counts=True)
    number = dict(zip(names, counts, strict=True))
    colours = colours_of(sorted(names, key=natural))
    n_dimensions = next(iter(maps.values())).shape[1]
    figure, axes = plt.subplots(
        1, len(maps), figsize=(4.6 * len(maps), 4), squeeze=False, layout="constrained",
        subplot_kw={"projection": "3d"} if n_dimensions == 3 else {},
    )  # fmt: skip
    order = np.random.default_rng(0).permutation(len(labels))
    shades = [colours[name] for name in np.asarray(labels).astype(str)[order]]
    size = float(np.clip(8000 / max(len(labels), 1), 0.5, 12))
    for axis, (title, points) in zip(axes[0], maps.items(), strict=True):
        axis.scatter(*points[order].T, s=size, c=shades, linewidths=0)
        plain(axis, title=title, x=f"{title} 1", y=f"{title} 2")
        axis.set(xticks=[], yticks=[])
        if n_dimensions == 3:
            axis.set_zticks([])
            axis.set_zlabel(f"{title} 3", fontsize=8)
    if len(names) <= MOST_IN_LEGEND:
        for name, colour in colours.items():
            axes[0, 0].scatter(
                *[[]] * n_dimensions, s=14, color=colour, label=f"{name} ({number[name]:,})"
            )
        handles = axes[0, 0].get_legend_handles_labels()
        columns = 1 if len(names) <= 20 else 2
        figure.legend(
            *handles, loc="outside right center", fontsize=7, frameon=False, ncols=columns
        )
    return figure
