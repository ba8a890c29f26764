"""Map of the clustered cells."""

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.plots.style import GREY, colours_of, natural, plain, thinned

#: quality columns worth a panel, in this order, if they have values
QUALITY = (
    (keys.TOTAL_COUNTS, "RNA counts, log10"),
    (keys.N_FRAGMENT, "ATAC fragments, log10"),
    (keys.DOUBLET_SCORE, "RNA doublet score"),
    (keys.TRUE_PSEUDOTIME, "true pseudotime"),
)
MOST_IN_LEGEND = 40


def annotation_figure(umap: np.ndarray, cells: pd.DataFrame):
    """Draw the map coloured by label, true type, sample, kind, quality and true pseudotime.

    Parameters
    ----------
    umap
        Cells × 2.
    cells
        Rows as ``umap``: label, sample and quality columns.
    """
    import matplotlib.pyplot as plt

    points = cells.assign(x=umap[:, 0], y=umap[:, 1])
    quality = [
        (column, title)
        for column, title in QUALITY
        if column in points and points[column].notna().any()
    ]
    names = [name for name in (keys.LABEL, keys.TRUE_TYPE) if name in points]
    several = (keys.SAMPLE, keys.MEASURED)
    names += [name for name in several if name in points and points[name].nunique() > 1]
    total = len(names) + len(quality)
    columns = min(3, total)
    rows = -(-total // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(4.2 * columns, 3.3 * rows), layout="constrained", squeeze=False
    )
    axes = list(axes.flat)
    for axis, column in zip(axes, names, strict=False):
        _by_name(axis, points, column)
    for axis, (column, title) in zip(axes[len(names) :], quality, strict=False):
        _by_value(axis, points, column, title)
    for axis in axes[total:]:
        axis.set_axis_off()
    return figure


def _size(points: pd.DataFrame) -> float:
    return float(np.clip(8000 / max(len(points), 1), 0.5, 12))


def _by_name(axis, points: pd.DataFrame, column: str) -> None:
    drawn = thinned(points.sample(frac=1, random_state=0))
    names = sorted(points[column].astype(str).unique(), key=natural)
    colours = colours_of(names)
    values = drawn[column].astype(str).map(colours).tolist()
    axis.scatter(drawn["x"], drawn["y"], s=_size(drawn), c=values, linewidths=0)
    _bare(axis, f"{column} ({len(names)})")
    if len(names) <= MOST_IN_LEGEND:
        counts = points[column].astype(str).value_counts()
        for name in names:
            axis.scatter([], [], s=14, color=colours[name], label=f"{name} ({counts[name]:,})")
        axis.legend(
            loc="center left", bbox_to_anchor=(1, 0.5), fontsize=6.5, frameon=False,
            ncols=1 if len(names) <= 20 else 2, handletextpad=0.1,
        )  # fmt: skip


def _by_value(axis, points: pd.DataFrame, column: str, title: str) -> None:
    drawn = thinned(points.sort_values(column, na_position="first"))
    size = _size(drawn)
    axis.scatter(drawn["x"], drawn["y"], s=size, c=GREY, alpha=0.4, linewidths=0)
    drawn = drawn[drawn[column].notna()]
    values = np.log10(drawn[column] + 1) if title.endswith("log10") else drawn[column]
    shown = axis.scatter(drawn["x"], drawn["y"], s=size, c=values, cmap="viridis", linewidths=0)
    bar = axis.figure.colorbar(shown, cax=axis.inset_axes([1.02, 0.2, 0.03, 0.6]))
    bar.ax.tick_params(labelsize=7)
    bar.outline.set_visible(False)
    _bare(axis, title)


def _bare(axis, title: str) -> None:
    plain(axis, title=title, x="UMAP 1", y="UMAP 2")
    axis.set(xticks=[], yticks=[])
