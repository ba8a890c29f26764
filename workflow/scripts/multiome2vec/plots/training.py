"""How training went."""

import pandas as pd

from multiome2vec.plots.style import COLOURS, GREY, plain

SPLITS = (("train", GREY), ("val", COLOURS[0]))


def loss_figure(history: pd.DataFrame):
    """One panel per term of the loss, training and validation, by epoch; then the schedules.

    Schedules that never change have no panel; a contrastive term shows its chance level. The dotted
    line is the epoch with the lowest validation loss, whose weights are kept.

    Parameters
    ----------
    history
        One row per epoch; columns ``epoch``, ``train_<term>``, ``val_<term>`` and schedules.
    """
    import matplotlib.pyplot as plt

    terms = [c.split("_", 1)[1] for c in history if c.startswith("train_")]
    terms = [name for name in terms if not name.endswith("_chance")]
    others = history.drop(columns="epoch").filter(regex="^(?!train_|val_)")
    schedules = others.columns[others.nunique() > 1]
    panels = [*terms, *schedules]
    width = min(4, len(panels))
    height = -(-len(panels) // width)
    figure, axes = plt.subplots(
        height, width, figsize=(3.2 * width, 2.4 * height), squeeze=False, layout="constrained"
    )
    for axis in axes.flat[len(panels) :]:
        axis.remove()
    for axis, name in zip(axes.flat, panels, strict=False):
        if name in terms:
            _term(axis, history, name)
        else:
            axis.plot(history["epoch"], history[name], color=COLOURS[1], label="schedule")
        plain(axis, title=name.replace("_", " "), x="epoch")
    shown = [axis.get_legend_handles_labels() for axis in axes.flat[: len(panels)]]
    lines = {label: line for found in shown for line, label in zip(*found, strict=True)}
    lines.pop("schedule", None)
    figure.legend(
        lines.values(), lines,
        loc="outside upper right", ncols=4, frameon=False, fontsize=8,
    )  # fmt: skip
    return figure


def _term(axis, history: pd.DataFrame, name: str) -> None:
    for split, colour in SPLITS:
        if f"{split}_{name}" in history:
            axis.plot(history["epoch"], history[f"{split}_{name}"], color=colour, label=split)
    if f"train_{name}_chance" in history:
        chance = history[f"train_{name}_chance"]
        axis.plot(history["epoch"], chance, color=COLOURS[1], linestyle="--", label="chance")
    if "val_loss" in history:
        best = history["epoch"][history["val_loss"].idxmin()]
        axis.axvline(best, color="black", linestyle=":", linewidth=0.8, label="best epoch")
