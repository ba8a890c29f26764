"""Shares of cell types by condition."""

import numpy as np
import pandas as pd

from multiome2vec.plots.style import colours_of, natural, plain

COLUMNS = 5


def composition_figure(
    counts: pd.DataFrame, conditions: pd.Series, reference: str, padj: pd.Series
):
    """Draw the share of every label, a point per replicate, by condition.

    Parameters
    ----------
    counts
        Replicates × labels, cells.
    conditions
        Of the replicates.
    reference
        Drawn first.
    padj
        By condition and label; missing where nothing is tested.
    """
    import matplotlib.pyplot as plt

    shares = 100 * counts.div(counts.sum(axis=1), axis=0)
    levels = [reference, *sorted(set(conditions) - {reference})]
    colours = colours_of(levels)
    labels = sorted(counts.columns, key=natural)
    columns = min(COLUMNS, len(labels))
    rows = -(-len(labels) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(2.2 * columns + 0.4, 2.4 * rows), layout="constrained",
        squeeze=False,
    )  # fmt: skip
    for axis, label in zip(axes.flat, labels, strict=False):
        for place, level in enumerate(levels):
            values = shares.loc[conditions[conditions == level].index, label].to_numpy()
            spread = np.linspace(-0.12, 0.12, len(values)) if len(values) > 1 else np.zeros(1)
            axis.scatter(place + spread, values, s=22, color=colours[level], linewidths=0)
            axis.hlines(np.mean(values), place - 0.25, place + 0.25, color=colours[level])
        axis.set_xticks(range(len(levels)), [_tick(level, label, padj) for level in levels])
        axis.set_xlim(-0.6, len(levels) - 0.4)
        axis.set_ylim(0, 1.1 * max(shares[label].max(), 1))
        plain(axis, title=label, y="% of the cells")
    for axis in list(axes.flat)[len(labels) :]:
        axis.set_axis_off()
    return figure


def _tick(level: str, label: str, padj: pd.Series) -> str:
    """Name of a condition, with its adjusted p-value where there is one."""
    value = padj.get((level, label), np.nan)
    return level if np.isnan(value) else f"{level}\nFDR {value:.2g}"
