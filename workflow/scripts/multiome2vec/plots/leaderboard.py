"""Scores of all models side by side."""

import numpy as np
import pandas as pd

from multiome2vec import keys

#: scores are grouped by what they are measured against
GROUPS = {f"{keys.LABEL}_": "against labels", f"{keys.TRUE_TYPE}_": "against true types"}
OTHER = "batches, trajectory, phase"


def leaderboard_figure(mean: pd.DataFrame, spread: pd.DataFrame):
    """Table of scores, one row per model, dark is good; ± is the standard deviation over seeds.

    Parameters
    ----------
    mean, spread
        Models × scores, best first. Spread is NaN for a single seed.
    """
    import matplotlib.pyplot as plt

    groups = grouped(list(mean.columns))
    width = 1.6 + 0.75 * len(mean.columns) + 0.2 * len(groups)
    figure, axes = plt.subplots(
        1, len(groups), figsize=(width, 1.7 + 0.42 * len(mean)), squeeze=False, sharey=True,
        layout="constrained", width_ratios=[len(names) for names in groups.values()],
    )  # fmt: skip
    for axis, (title, names) in zip(axes[0], groups.items(), strict=True):
        _panel(axis, mean[list(names)].to_numpy(), spread[list(names)].to_numpy())
        axis.set_xticks(range(len(names)), names.values(), rotation=35, ha="left", fontsize=8)
        axis.set_xlabel(title, fontsize=9)
    axes[0, 0].set_yticks(range(len(mean)), mean.index, fontsize=9)
    return figure


def grouped(columns: list[str]) -> dict[str, dict[str, str]]:
    """Columns by group, each with its short name; groups without columns are left out."""
    found: dict[str, dict[str, str]] = {title: {} for title in (*GROUPS.values(), OTHER)}
    for column in columns:
        prefix = next((prefix for prefix in GROUPS if column.startswith(prefix)), "")
        title = GROUPS.get(prefix, OTHER)
        found[title][column] = column.removeprefix(prefix).replace("_", " ")
    return {title: names for title, names in found.items() if names}


def _panel(axis, mean: np.ndarray, spread: np.ndarray) -> None:
    axis.imshow(mean, cmap="YlGnBu", vmin=0, vmax=1.1, aspect="auto")
    for (row, column), value in np.ndenumerate(mean):
        if np.isnan(value):
            axis.text(column, row, "–", ha="center", va="center", fontsize=8)
            continue
        sd = spread[row, column]
        text = f"{value:.2f}" if np.isnan(sd) else f"{value:.2f}\n±{sd:.2f}"
        colour = "white" if value > 0.6 else "black"
        axis.text(column, row, text, ha="center", va="center", fontsize=7.5, color=colour)
    axis.xaxis.tick_top()
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
