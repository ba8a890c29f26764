"""Motif activity by label."""

import numpy as np
import pandas as pd

from multiome2vec.plots.style import natural, plain

MOST_ROWS = 60
MOST_PER_LABEL = 6
ALIKE = 0.9  # correlation over labels
LONGEST = 44  # characters of a family's name


def top_motifs(means: pd.DataFrame, families: pd.Series) -> list[str]:
    """Choose the motifs that are most active in each label, without duplicates.

    Each label names its motifs of highest mean z above 0, of motifs that share a family the first;
    so many that all labels together name at most 60 (six per label where labels are few, one where
    they are many). Of motifs that share a family and correlate by more than .9 over the labels, the
    most active one stays.

    Parameters
    ----------
    means
        Motifs × labels: mean z-score, NaN where it is undefined.
    families
        Structural families of each motif, separated by semicolons; motifs without one (empty) stand
        for themselves.

    Returns
    -------
    list of str
        By the label in which a motif is most active, in the order of the columns; then by falling
        activity there.
    """
    members = {name: set(str(family).split("; ")) - {""} for name, family in families.items()}
    each = int(np.clip(MOST_ROWS // max(means.shape[1], 1), 1, MOST_PER_LABEL))
    named = {name for label in means for name in _first(means[label], members)[:each]}
    filled = means.fillna(0)
    chosen: list[str] = []
    for name in (
        filled.loc[list(named)]
        .sort_index()
        .max(axis=1)
        .sort_values(ascending=False, kind="stable")
        .index
    ):
        alike = _correlation(filled.loc[chosen].to_numpy(), filled.loc[name].to_numpy()) > ALIKE
        if not any(members[other] & members[name] for other in np.array(chosen)[alike]):
            chosen.append(name)
    place = {name: filled.loc[name].argmax() for name in chosen}
    return sorted(chosen, key=place.__getitem__)  # stable: by falling activity within a label


def _first(activity: pd.Series, families: dict[str, set[str]]) -> list[str]:
    """Motifs with activity above 0, highest first, each of new families."""
    found, seen = [], set()
    for name in activity[activity > 0].sort_values(ascending=False, kind="stable").index:
        if not families[name] & seen:
            found.append(name)
            seen |= families[name]
    return found


def _correlation(table: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Pearson correlation of each row of a table with another; 0 where one of them is constant."""
    table = table - table.mean(axis=1, keepdims=True)
    row = row - row.mean()
    norm = np.linalg.norm(table, axis=1) * np.linalg.norm(row)
    return np.divide(table @ row, norm, out=np.zeros(len(table)), where=norm > 0)


def deviations_figure(means: pd.DataFrame, motifs: pd.DataFrame):
    """Heat map of the most active motifs by label.

    Parameters
    ----------
    means
        Motifs × labels: mean z-score, NaN where it is undefined.
    motifs
        By motif: name and family.
    """
    import matplotlib.pyplot as plt

    means = means[sorted(means, key=natural)]
    chosen = top_motifs(means, motifs["family"])
    table = means.loc[chosen]
    names = [f"{motifs.loc[motif, 'name']} ({motif})" for motif in chosen]
    size = (1.5 + max(0.3 * means.shape[1], 2) + 4, 1.4 + max(0.19 * len(chosen), 1.5))
    figure, axis = plt.subplots(figsize=size, layout="constrained")
    if not chosen:
        return _nothing(figure, axis)
    limit = float(np.nanmax(np.abs(table.to_numpy())))
    colours = plt.get_cmap("RdBu_r").with_extremes(bad="#DDDDDD")
    image = axis.imshow(
        np.ma.masked_invalid(table), cmap=colours, vmin=-limit, vmax=limit, aspect="auto"
    )
    plain(axis, title="mean z-score of the most active motifs")
    axis.set_xticks(range(means.shape[1]), means.columns, rotation=90, fontsize=8)
    axis.set_yticks(range(len(chosen)), names, fontsize=7)
    right = axis.secondary_yaxis("right")
    families = [_shortened(motifs.loc[motif, "family"]) for motif in chosen]
    right.set_yticks(range(len(chosen)), families, fontsize=7, color="#595959")
    for each in (axis, right):
        each.tick_params(length=0)
        each.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=axis, shrink=min(1, 1.5 / size[1] + 0.1), pad=0.02, aspect=12)
    bar.ax.tick_params(labelsize=7)
    bar.outline.set_visible(False)
    return figure


def _nothing(figure, axis):
    axis.set_axis_off()
    axis.text(0.5, 0.5, "no motif is active in a label", ha="center", va="center", fontsize=8)
    return figure


def _shortened(family: str) -> str:
    return family if len(family) <= LONGEST else f"{family[: LONGEST - 1]}…"
