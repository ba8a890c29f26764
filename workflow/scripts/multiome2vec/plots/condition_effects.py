"""How many genes or regions a condition changes in each label."""

import pandas as pd

from multiome2vec import keys
from multiome2vec.plots.style import COLOURS, GREY, natural, plain

RAISED, LOWERED = COLOURS[1], COLOURS[0]


def effects_figure(summary: pd.DataFrame, *, what: str):
    """Draw features raised (right) and lowered (left) by label, a panel per condition.

    Parameters
    ----------
    summary
        Columns label, condition, reference, up, down and reason (why nothing is tested).
    what
        ``genes`` or ``regions``.
    """
    import matplotlib.pyplot as plt

    panels = list(summary.groupby([keys.CONDITION, "reference"], sort=True))
    labels = sorted(summary[keys.LABEL].unique(), key=natural, reverse=True)
    figure, axes = plt.subplots(
        1, len(panels), figsize=(1.2 + 3.6 * len(panels), 1.2 + 0.28 * len(labels)),
        layout="constrained", squeeze=False, sharey=True,
    )  # fmt: skip
    for axis, ((condition, reference), rows) in zip(axes[0], panels, strict=True):
        rows = rows.set_index(keys.LABEL).loc[labels]
        axis.barh(labels, rows["up"], color=RAISED)
        axis.barh(labels, -rows["down"], color=LOWERED)
        reach = max(rows["up"].max(), rows["down"].max(), 1)
        for place, row in enumerate(rows.itertuples()):
            if row.reason:
                axis.text(0.04 * reach, place, "not tested", va="center", fontsize=7, color=GREY)
                continue
            axis.text(row.up + 0.04 * reach, place, row.up, va="center", fontsize=7)
            axis.text(
                -row.down - 0.04 * reach, place, row.down, va="center", ha="right", fontsize=7
            )
        axis.set_xlim(-1.3 * reach, 1.3 * reach)
        axis.set_xticks([])
        axis.axvline(0, color="black", linewidth=0.6)
        plain(axis, title=f"{condition} against {reference}", x=f"{what} lowered | raised")
    return figure
