"""Scores of all models side by side."""

import pandas as pd

from multiome2vec.plots.style import colours_of, plain


def leaderboard_figure(mean: pd.DataFrame, spread: pd.DataFrame):
    """Bars of every score by model, best model on top; whiskers are standard deviations over seeds.

    Parameters
    ----------
    mean, spread
        Models × scores, best first.
    """
    import matplotlib.pyplot as plt

    columns = 4
    rows = -(-len(mean.columns) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(3 * columns, (0.8 + 0.35 * len(mean)) * rows),
        squeeze=False, layout="constrained", sharey=True,
    )  # fmt: skip
    for axis in axes.flat[len(mean.columns) :]:
        axis.remove()
    for axis, name in zip(axes.flat, mean.columns, strict=False):
        values = mean[name].iloc[::-1]
        colours = colours_of(sorted(mean.index))
        axis.barh(
            values.index, values, xerr=spread.loc[values.index, name].fillna(0),
            color=[colours[model] for model in values.index], height=0.7,
        )  # fmt: skip
        for row, value in enumerate(values):
            axis.text(0.02, row, f"{value:.2f}", va="center", fontsize=8, color="white")
        axis.set_xlim(0, 1)
        plain(axis, title=name.replace("_", " "))
    return figure
