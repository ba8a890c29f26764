"""How the number of topics was chosen."""

import pandas as pd

from multiome2vec.plots.style import COLOURS, LIMIT, plain

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
