"""How the number of topics was chosen, and which labels the topics belong to."""

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.plots.style import COLOURS, LIMIT, natural, plain

TITLES = {
    "arun": "Arun 2010 (low is good)",
    "cao_juan": "Cao-Juan 2009 (low is good)",
    "mimno": "Mimno 2011 coherence (high is good)",
    "log_likelihood": "log-likelihood, 10⁶ (high is good)",
    "perplexity": "held-out perplexity (low is good)",
    "score": "combined score",
}
SCALE = {"log_likelihood": 1e-6}


def selection_figure(table: pd.DataFrame):
    """Plot each metric against the number of topics, the choice marked.

    Parameters
    ----------
    table
        Index number of topics; metrics, ``score`` and ``chosen``.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        1, len(TITLES), figsize=(3 * len(TITLES), 2.8), layout="constrained"
    )
    chosen = table.index[table["chosen"]][0]
    for axis, (name, title) in zip(axes, TITLES.items(), strict=True):
        axis.plot(table.index, table[name] * SCALE.get(name, 1), marker="o", color=COLOURS[0])
        axis.axvline(chosen, **LIMIT)
        axis.set_xscale("log", base=2)
        axis.set_xticks(table.index, labels=table.index)
        axis.minorticks_off()
        plain(axis, title=title, x="topics")
    right = chosen > table.index[len(table) // 2]
    axes[0].annotate(
        f"chosen: {chosen}", (chosen, 1), xycoords=("data", "axes fraction"),
        xytext=(-4 if right else 4, -10), ha="right" if right else "left",
        textcoords="offset points", color=COLOURS[1], fontsize=8,
    )  # fmt: skip
    return figure


def shares_by_label(theta: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """Mean share of each topic in the cells of each label.

    Parameters
    ----------
    theta
        Cells × topics, rows sum to 1.
    labels
        Of each cell.

    Returns
    -------
    pandas.DataFrame
        Labels × topics. Labels in natural order, unlabelled cells last; topics by the label in
        which their share is largest, and there by this share, so that the large ones run down the
        diagonal.
    """
    names = [f"Topic{number}" for number in range(1, theta.shape[1] + 1)]
    mean = pd.DataFrame(theta, columns=names).groupby(np.asarray(labels, dtype=str)).mean()
    mean = mean.loc[sorted(mean.index, key=lambda name: (name == keys.UNLABELLED, natural(name)))]
    best = mean.to_numpy().argmax(axis=0)
    return mean.iloc[:, np.lexsort([-mean.to_numpy().max(axis=0), best])].rename_axis(keys.LABEL)


def label_figure(shares: pd.DataFrame, cells: pd.Series):
    """Draw the table of :func:`shares_by_label` as a heat map.

    Parameters
    ----------
    shares
        Labels × topics.
    cells
        Number of cells by label.
    """
    import matplotlib.pyplot as plt

    n_labels, n_topics = shares.shape
    figure, axis = plt.subplots(
        figsize=(3.2 + 0.19 * n_topics, 1.4 + 0.19 * n_labels), layout="constrained"
    )
    shown = axis.imshow(shares, cmap="magma_r", vmin=0, aspect="auto", interpolation="nearest")
    plain(axis, title="mean topic share of the cells of a label", x="topic", y="label (cells)")
    numbers = [name.removeprefix("Topic") for name in shares.columns]
    axis.set_xticks(range(n_topics), numbers, rotation=90)
    axis.set_yticks(range(n_labels), [f"{name} ({cells[name]:,})" for name in shares.index])
    axis.set_xticks(np.arange(n_topics - 1) + 0.5, minor=True)
    axis.set_yticks(np.arange(n_labels - 1) + 0.5, minor=True)
    axis.grid(which="minor", color="white", linewidth=0.6)
    axis.tick_params(which="both", length=0)
    axis.spines[:].set_visible(False)
    bar = figure.colorbar(shown, ax=axis, fraction=0.04, pad=0.02, aspect=15)
    bar.ax.tick_params(labelsize=7)
    bar.outline.set_visible(False)
    return figure
