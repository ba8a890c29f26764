"""What figures share: colours that colour-blind readers can tell apart, plain axes."""

import math
import re

import numpy as np
import pandas as pd

#: Okabe and Ito 2008, without the yellow that white paper swallows
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
GREY = "#B3B3B3"
LIMIT = {"color": "#D55E00", "linestyle": "--", "linewidth": 1}
MOST_POINTS = 20_000


def colours_of(names: list[str]) -> dict[str, object]:
    """Give each name a colour: the palette, or beyond it evenly spaced hues.

    Parameters
    ----------
    names
        Distinct names, in the order of the legend.
    """
    import matplotlib.pyplot as plt

    if len(names) <= len(COLOURS):
        return dict(zip(names, COLOURS, strict=False))
    if len(names) <= 20:
        steps = [plt.get_cmap("tab20")(place) for place in (*range(0, 20, 2), *range(1, 20, 2))]
        return dict(zip(names, steps, strict=False))
    hues = plt.get_cmap("gist_rainbow")(np.linspace(0, 0.95, len(names)))
    return dict(zip(names, map(tuple, hues), strict=True))


def natural(name: str) -> list[tuple[float, str]]:
    """Key to sort names by: numbers inside them by value, so that Topic2 precedes Topic10."""
    parts = re.findall(r"\d+|\D+", name)
    return [(int(part), "") if part.isdecimal() else (math.inf, part) for part in parts]


def plain(axis, *, title: str, x: str = "", y: str = "") -> None:
    """Title and axis names in one size, no box around the panel."""
    axis.set_title(title, fontsize=9, loc="left")
    axis.set_xlabel(x, fontsize=8)
    axis.set_ylabel(y, fontsize=8)
    axis.tick_params(labelsize=7)
    axis.spines[["top", "right"]].set_visible(False)


def not_available(axis, *, title: str, why: str) -> None:
    """Make an empty panel that says why it is empty."""
    axis.set_axis_off()
    axis.set_title(title, fontsize=9, loc="left")
    axis.text(0.5, 0.5, why, ha="center", va="center", fontsize=8, color="#666666")


def thinned(table: pd.DataFrame | pd.Series) -> pd.DataFrame | pd.Series:
    """Every n-th row, so that at most 20,000 points are drawn."""
    return table.iloc[:: -(-len(table) // MOST_POINTS)] if len(table) else table
