"""How well a model gives back what it was shown."""

import numpy as np
import pandas as pd

from multiome2vec.plots.style import COLOURS, GREY, plain, thinned

MOST_BINS = 40
WIDE = 20  # ratio of largest to least value above which axes are logarithmic
LOWEST_R2 = -0.5  # features below are drawn at the edge


def reconstruction_figure(features: pd.DataFrame, cells: pd.DataFrame):
    """Draw one row of panels per modality: means, R² of the features, errors of features and cells.

    Parameters
    ----------
    features, cells
        Of :class:`multiome2vec.tasks.reconstruct.Reconstruction`.
    """
    import matplotlib.pyplot as plt

    names = list(dict.fromkeys(features["modality"]))
    figure, axes = plt.subplots(
        len(names), 4, figsize=(14, 3.3 * len(names)), squeeze=False, layout="constrained"
    )
    for row, name in zip(axes, names, strict=True):
        by_feature = features[features["modality"] == name]
        by_cell = cells[cells["modality"] == name]
        _means(row[0], by_feature, name)
        _spread(row[1], by_feature)
        _errors(row[2], by_feature)
        _cells(row[3], by_cell)
    return figure


def _means(axis, features: pd.DataFrame, name: str) -> None:
    drawn = thinned(features)
    pair = drawn["mean_observed"], drawn["mean_predicted"]
    axis.scatter(*pair, s=6, color=COLOURS[0], alpha=0.4, linewidths=0)
    low = min(values.min() for values in pair)
    ends = [low, max(values.max() for values in pair)]
    if low > 0 and ends[1] > WIDE * low:
        axis.set(xscale="log", yscale="log")
    axis.plot(ends, ends, color="black", linestyle=":", linewidth=0.8)
    title = f"{name}: mean of each of {len(features):,} features"
    plain(axis, title=title, x="observed", y="expected by the model")


def _spread(axis, features: pd.DataFrame) -> None:
    known = features["r2"].dropna()
    values = known.clip(lower=LOWEST_R2)
    bins = np.linspace(LOWEST_R2, max(1.0, values.max()), MOST_BINS + 1) if len(values) else 1
    axis.hist(values, bins=bins, color=GREY)
    if len(known):
        median = known.median()
        axis.axvline(median, color=COLOURS[1], linewidth=1, label=f"median {median:.2f}")
        axis.legend(fontsize=7, frameon=False)
    plain(
        axis, title="R² of the features", x=f"R² over cells ({LOWEST_R2:g}: or below)", y="features"
    )


def _errors(axis, features: pd.DataFrame) -> None:
    drawn = thinned(features[features["mse"] > 0])
    # variance follows from R² = 1 - mse / variance; features without R² have none
    variance = drawn["mse"] / (1 - drawn["r2"])
    axis.scatter(
        variance, drawn["mse"], s=6, color=COLOURS[0], alpha=0.4, linewidths=0, label="features"
    )
    ends = [variance.min(), variance.max()]
    axis.plot(ends, ends, color="black", linestyle=":", linewidth=0.8, label="error of the mean")
    if variance.max() > WIDE * variance.min():
        axis.set(xscale="log", yscale="log")
    axis.legend(fontsize=7, frameon=False, loc="upper left")
    plain(axis, title="error of the features", x="variance over cells", y="mean squared error")


def _cells(axis, cells: pd.DataFrame) -> None:
    axis.hist(cells["mse"], bins=MOST_BINS, color=GREY)
    median = cells["mse"].median()
    axis.axvline(median, color=COLOURS[1], linewidth=1, label=f"median {median:.3g}")
    axis.legend(fontsize=7, frameon=False)
    plain(axis, title=f"error of {len(cells):,} cells", x="mean squared error", y="cells")
