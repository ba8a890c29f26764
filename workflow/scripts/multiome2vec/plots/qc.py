"""Figures of quality control: metrics of every barcode, with the limits that were applied."""

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.plots.style import (
    GREY,
    LIMIT,
    colours_of,
    not_available,
    plain,
    thinned,
)
from multiome2vec.qc.limits import HIGH, LOW

KEPT, DOUBLET, QUALITY, LISTS = "kept", "doublet", "low quality", "left out by choice"
VERDICT_COLOURS = {KEPT: "#0072B2", DOUBLET: "#D55E00", QUALITY: GREY, LISTS: "#CC79A7"}
CHOICE_CODES = ("not_included", "excluded", "max_cells")


def verdict_class(reason: pd.Series) -> pd.Series:
    """Class of each barcode for colouring, from its reason codes.

    A barcode of low quality is that, even if it is a doublet as well; one that passes quality
    control but is a doublet is that, even if a list leaves it out.
    """
    codes = reason.str.split(";").map(lambda found: set(found) - {""})
    classes = pd.Series(QUALITY, index=reason.index)
    chosen = codes.map(lambda found: found <= set(CHOICE_CODES))
    doublet = codes.map(
        lambda found: (
            all(code.endswith("_doublet") or code in CHOICE_CODES for code in found)
            and any(code.endswith("_doublet") for code in found)
        )
    )
    classes[chosen] = LISTS
    classes[doublet] = DOUBLET
    classes[reason == ""] = KEPT
    return classes


def rna_figure(table: pd.DataFrame, *, limits: dict[str, pd.DataFrame]):
    """Draw RNA metrics by sample, doublet scores, and the reasons for dropping barcodes.

    Parameters
    ----------
    table
        Barcodes that have RNA, with metrics, sample and reason.
    limits
        By sample, see :func:`multiome2vec.qc.limits.make_limits`.
    """
    if table[keys.TOTAL_COUNTS].isna().all():
        return _reasons_alone(table, note="The RNA has no counts: there is nothing to measure.")
    figure, axes = _panels(list(limits))
    _knee(axes[0], table, keys.TOTAL_COUNTS, title="RNA counts", samples=list(limits))
    for axis, metric, title, log in (
        (axes[1], keys.N_GENES, "genes detected", False),
        (axes[2], keys.TOTAL_COUNTS, "RNA counts", True),
        (axes[3], keys.PCT_MT, "mitochondrial counts, %", False),
    ):
        _violins(axis, table, metric, limits=limits, title=title, log=log)
    _doublet_scores(axes[4], table, samples=list(limits))
    _reasons(axes[5], table)
    return figure


def atac_figure(
    table: pd.DataFrame, *, limits: dict[str, pd.DataFrame], profiles: dict[str, pd.DataFrame]
):
    """Draw ATAC metrics by sample, TSS profile and fragment lengths.

    Parameters
    ----------
    table
        Barcodes that have ATAC, with metrics, sample and reason.
    limits
        By sample.
    profiles
        By sample, see :func:`multiome2vec.qc.atac.atac_metrics`.
    """
    samples = list(limits)
    ready = table[keys.NUCLEOSOME_SIGNAL].isna().all()  # region matrices: only totals are known
    figure, axes = _panels(samples, rows=1, columns=2) if ready else _panels(samples)
    what = "ATAC counts" if ready else "unique fragments"
    _knee(axes[0], table, keys.N_FRAGMENT, title=what, samples=samples, limits=limits)
    if ready:
        _reasons(axes[1], table)
        return figure
    _tss_scatter(axes[1], table, limits)
    _profile_lines(axes[2], profiles, "tss")
    _profile_lines(axes[3], profiles, "length")
    _violins(
        axes[4], table, keys.NUCLEOSOME_SIGNAL, limits=limits, title="nucleosome signal", log=False
    )
    _reasons(axes[5], table)
    return figure


def joint_figure(table: pd.DataFrame):
    """Draw RNA counts against ATAC fragments, one panel per sample, coloured by verdict.

    Parameters
    ----------
    table
        Barcodes that have both, with metrics, sample and reason.
    """
    import matplotlib.pyplot as plt

    samples = sorted(table[keys.SAMPLE].unique())
    columns = min(4, len(samples))
    rows = -(-len(samples) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(3.4 * columns + 1.4, 3.2 * rows), layout="constrained",
        squeeze=False, sharex=True, sharey=True,
    )  # fmt: skip
    x = keys.TOTAL_COUNTS if table[keys.TOTAL_COUNTS].notna().any() else None
    for axis, sample in zip(axes.flat, samples, strict=False):
        mine = table[table[keys.SAMPLE] == sample]
        title = f"{sample}: {(mine[keys.REASON] == '').sum():,} of {len(mine):,} barcodes kept"
        if x is None or mine[keys.N_FRAGMENT].isna().all():
            not_available(axis, title=title, why="no RNA counts or no fragments to compare")
        else:
            _joint_panel(axis, mine, title=title)
    for axis in list(axes.flat)[len(samples) :]:
        axis.set_axis_off()
    _verdict_legend(figure, table)
    return figure


def _joint_panel(axis, table: pd.DataFrame, *, title: str) -> None:
    classes = verdict_class(table[keys.REASON])
    for name in (QUALITY, LISTS, KEPT, DOUBLET):
        points = thinned(table[classes == name])
        axis.scatter(
            points[keys.TOTAL_COUNTS] + 1, points[keys.N_FRAGMENT] + 1, s=5,
            color=VERDICT_COLOURS[name], linewidths=0, alpha=0.7,
        )  # fmt: skip
    axis.set(xscale="log", yscale="log")
    plain(axis, title=title, x="RNA counts + 1", y="unique ATAC fragments + 1")


def _verdict_legend(figure, table: pd.DataFrame) -> None:
    from matplotlib.lines import Line2D

    counts = verdict_class(table[keys.REASON]).value_counts()
    handles = [
        Line2D([], [], marker="o", linestyle="", markersize=5, color=VERDICT_COLOURS[name],
               label=f"{name} ({counts[name]:,})")
        for name in VERDICT_COLOURS if name in counts
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside right upper", fontsize=8, frameon=False)


def _panels(samples: list[str], *, rows: int = 2, columns: int = 3):
    """Panels, with a legend of the samples on the right if there are several."""
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    figure, axes = plt.subplots(
        rows, columns, figsize=(3.5 * columns, 3 * rows), layout="constrained"
    )
    if len(samples) > 1:
        handles = [
            Line2D([], [], color=colour, linewidth=2, label=name)
            for name, colour in colours_of(samples).items()
        ]
        figure.legend(
            handles=handles, loc="outside right upper", fontsize=8, frameon=False, title="sample"
        )
    return figure, axes.ravel()


def _knee(
    axis,
    table: pd.DataFrame,
    metric: str,
    *,
    title: str,
    samples: list[str],
    limits: dict[str, pd.DataFrame] | None = None,
) -> None:
    """Barcodes ranked by a count, both axes logarithmic."""
    title = f"{title}, barcodes ranked"
    if table[metric].isna().all():
        not_available(axis, title=title, why="no counts")
        return
    for sample, colour in colours_of(samples).items():
        values = table.loc[table[keys.SAMPLE] == sample, metric].dropna()
        ranked = np.sort(values.to_numpy())[::-1]
        ranked = ranked[ranked > 0]
        axis.plot(np.arange(1, len(ranked) + 1), ranked, color=colour, linewidth=1.5)
    for low in {_limit(each, metric, LOW) for each in (limits or {}).values()} - {None}:
        axis.axhline(low, **LIMIT)
    axis.set(xscale="log", yscale="log")
    plain(axis, title=title, x="rank", y="count")


def _limit(limits: pd.DataFrame, metric: str, side: str) -> float | None:
    value = limits[side].get(metric, np.nan)
    return None if np.isnan(value) else float(value)


def _violins(
    axis,
    table: pd.DataFrame,
    metric: str,
    *,
    limits: dict[str, pd.DataFrame],
    title: str,
    log: bool,
) -> None:
    """One violin per sample, its limits as short dashed lines."""
    if table[metric].isna().all():
        not_available(axis, title=title, why="not measured")
        return
    for place, (sample, colour) in enumerate(colours_of(list(limits)).items()):
        values = thinned(table.loc[table[keys.SAMPLE] == sample, metric].dropna())
        values = np.log10(values + 1) if log else values
        if values.nunique() > 1:
            _violin(axis, values.to_numpy(), place, colour)
        for side in (LOW, HIGH):
            value = _limit(limits[sample], metric, side)
            if value is not None:
                height = np.log10(value + 1) if log else value
                axis.hlines(height, place - 0.45, place + 0.45, **LIMIT)
    if log:
        _log_ticks(axis)
    axis.set_xticks(range(len(limits)), list(limits), rotation=45 if len(limits) > 4 else 0)
    plain(axis, title=title)


def _violin(axis, values: np.ndarray, place: int, colour) -> None:
    parts = axis.violinplot(values, [place], widths=0.8, showextrema=False, showmedians=True)
    parts["bodies"][0].set(facecolor=colour, alpha=0.5, edgecolor="none")
    parts["cmedians"].set(color=colour)


def _log_ticks(axis) -> None:
    """Label an axis of log10(x + 1) with x."""
    top = int(np.ceil(axis.get_ylim()[1]))
    values = [0, *(10**power for power in range(1, top + 1))]
    low, high = axis.get_ylim()
    axis.set_yticks([np.log10(value + 1) for value in values], [f"{value:,}" for value in values])
    axis.set_ylim(low, high)


def _doublet_scores(axis, table: pd.DataFrame, *, samples: list[str]) -> None:
    title = "doublet score (dashed: threshold)"
    if table[keys.DOUBLET_SCORE].isna().all():
        not_available(axis, title=title, why="not scored")
        return
    edges = np.linspace(0, table[keys.DOUBLET_SCORE].max(), 41)
    for sample, colour in colours_of(samples).items():
        mine = table[table[keys.SAMPLE] == sample]
        scores = mine[keys.DOUBLET_SCORE].dropna()
        axis.hist(scores, bins=edges, color=colour, histtype="step", linewidth=1.2)
        for threshold in mine[keys.DOUBLET_THRESHOLD].dropna().unique():
            axis.axvline(threshold, color=colour, linestyle="--", linewidth=1)
    axis.set_yscale("log")
    axis.set_ylim(bottom=0.7)
    plain(axis, title=title, x="score", y="cells")


def _tss_scatter(axis, table: pd.DataFrame, limits: dict[str, pd.DataFrame]) -> None:
    title = "TSS enrichment"
    if table[keys.TSSE].isna().all():
        not_available(axis, title=title, why="the assembly has no annotation")
        return
    passed = table[keys.ATAC_PASS]
    for flag, colour, name in ((False, GREY, "outside"), (True, "#0072B2", "within limits")):
        points = thinned(table[passed == flag])
        axis.scatter(
            points[keys.N_FRAGMENT] + 1, points[keys.TSSE], s=4, color=colour, linewidths=0,
            alpha=0.7, label=name,
        )  # fmt: skip
    for each in limits.values():
        low, fewest = _limit(each, keys.TSSE, LOW), _limit(each, keys.N_FRAGMENT, LOW)
        if low is not None:
            axis.axhline(low, **LIMIT)
        if fewest is not None:
            axis.axvline(fewest, **LIMIT)
    axis.set_xscale("log")
    axis.legend(fontsize=7, frameon=False, markerscale=2)
    plain(axis, title=title, x="unique fragments + 1", y="enrichment")


def _profile_lines(axis, profiles: dict[str, pd.DataFrame], kind: str) -> None:
    is_tss = kind == "tss"
    title = "fragment ends around start sites" if is_tss else "fragment lengths"
    drawn = False
    for sample, colour in colours_of(list(profiles)).items():
        rows = profiles[sample][profiles[sample]["kind"] == kind]
        if rows.empty:
            continue
        values = rows["value"].to_numpy(float)
        if is_tss:
            values = pd.Series(values).rolling(11, center=True, min_periods=1).mean()
        else:
            values = 100 * values / max(values.sum(), 1)
        axis.plot(rows["position"].astype(int), values, color=colour, linewidth=1.2)
        drawn = True
    if not drawn:
        not_available(axis, title=title, why="not measured")
    elif is_tss:
        axis.set_xticks([-2000, -1000, 0, 1000, 2000])
        plain(axis, title=title, x="distance to the start site, bp", y="over background")
    else:
        plain(axis, title=title, x="length, bp", y="% of fragments")


def _reasons_alone(table: pd.DataFrame, *, note: str):
    """Draw a figure where no metric exists."""
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(5, 3), layout="constrained")
    figure.suptitle(note, fontsize=9)
    _reasons(axis, table)
    return figure


def _reasons(axis, table: pd.DataFrame) -> None:
    """How many barcodes each reason applies to."""
    codes = table[keys.REASON].str.split(";").explode()
    counts = codes.where(codes != "", KEPT).value_counts()
    names = [KEPT, *(name for name in counts.index if name != KEPT)]
    counts = counts.reindex(names, fill_value=0).iloc[::-1]
    colours = [VERDICT_COLOURS[KEPT] if name == KEPT else GREY for name in counts.index]
    axis.barh([name.replace("_", " ") for name in counts.index], counts, color=colours)
    for place, count in enumerate(counts):
        axis.text(count, place, f" {count:,}", va="center", fontsize=7)
    axis.set_xlim(0, 1.15 * counts.max())
    plain(axis, title="barcodes by reason (several may apply)", x="barcodes")
