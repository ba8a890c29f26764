"""Differentially enriched motifs: scores of a set's regions against background regions."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control, ranksums

GC_BINS = 10
FEWEST = 10  # regions of a set, and of its background
TINY = 1e-12


def balanced_background(
    members: np.ndarray,
    others: np.ndarray,
    *,
    gc: np.ndarray,
    promoter: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw background regions with the GC content and share of promoters of a set.

    In proportion to the set within strata (decile of its GC content × promoter or not), and as
    many as these allow, but for the scarcest twentieth of them, which may be drawn short. Strata
    without any background region are left out, and so are regions beyond the set's GC content.

    Parameters
    ----------
    members, others
        Positions of the set's regions and of those to draw from (those of the set do not count).
    gc, promoter
        GC content and whether the region is a promoter, of all regions.

    Returns
    -------
    numpy.ndarray
        Positions, sorted.
    """
    others = np.setdiff1d(others, members)
    lowest, *edges, highest = np.quantile(gc[members], np.linspace(0, 1, GC_BINS + 1))
    others = others[(gc[others] >= lowest) & (gc[others] <= highest)]
    stratum = 2 * np.searchsorted(edges, gc, side="right") + promoter
    wanted = np.bincount(stratum[members], minlength=2 * GC_BINS)
    there = np.bincount(stratum[others], minlength=2 * GC_BINS)
    used = (wanted > 0) & (there > 0)
    if not used.any():
        return np.empty(0, dtype=np.int64)
    # the scarcest twentieth of the strata may be drawn short, or one stratum would decide alone
    factor = np.quantile(there[used] / wanted[used], 0.05)
    chosen = []
    for name in np.flatnonzero(used):
        pool = others[stratum[others] == name]
        n = min(len(pool), max(1, round(factor * wanted[name])))
        chosen.append(rng.choice(pool, n, replace=False))
    return np.sort(np.concatenate(chosen))


def compare(foreground: np.ndarray, background: np.ndarray) -> pd.DataFrame:
    """Test each motif's scores in a set against those in its background.

    Parameters
    ----------
    foreground, background
        Regions × motifs, scores ≥ 0 with 0 for no match.

    Returns
    -------
    pandas.DataFrame
        One row per motif: log2fc (of the mean scores), pvalue (Wilcoxon rank sums, two-sided,
        normal approximation), mean_foreground, mean_background.
    """
    means = [scores.mean(axis=0, dtype=np.float64) for scores in (foreground, background)]
    return pd.DataFrame(
        {
            "log2fc": np.log2((means[0] + TINY) / (means[1] + TINY)),
            "pvalue": ranksums(foreground, background, axis=0).pvalue,
            "mean_foreground": means[0],
            "mean_background": means[1],
        }
    )


def significant(table: pd.DataFrame, *, max_padj: float, min_log2fc: float) -> pd.DataFrame:
    """Rows that are small and large enough, with padj (Benjamini-Hochberg over all rows)."""
    table = table.assign(padj=false_discovery_control(table["pvalue"]))
    return table[(table["padj"] <= max_padj) & (table["log2fc"] >= min_log2fc)]


def compare_sets(
    blocks: Iterator[tuple[slice, np.ndarray, np.ndarray]], motifs: pd.Index,
    sets: dict[str, np.ndarray], chosen: dict[str, np.ndarray], *, max_padj: float,
    min_log2fc: float,
) -> pd.DataFrame:  # fmt: skip
    """Compare each set with its background; memory holds the scores of one block of motifs.

    Parameters
    ----------
    blocks
        Slices of motifs with their scores, as the sets and as the backgrounds have them (regions ×
        motifs).
    motifs
        Names of all motifs.
    sets, chosen
        By name: positions of the set's regions, and of those of its background.
    max_padj, min_log2fc
        Limits of a significant motif (:func:`significant`).

    Returns
    -------
    pandas.DataFrame
        Of significant motifs, by set and fold change: region_set, motif, log2fc, pvalue, padj,
        mean_foreground, mean_background.
    """
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in chosen}
    for numbers, scores, others in blocks:
        for name, background in chosen.items():
            found = compare(scores[sets[name]], others[background])
            parts[name].append(found.assign(motif=motifs[numbers]))
    tables = []
    for name, found in parts.items():
        table = significant(pd.concat(found), max_padj=max_padj, min_log2fc=min_log2fc)
        table = table.sort_values("log2fc", ascending=False, kind="stable")
        tables.append(table.assign(region_set=name))
    columns = ["region_set", "motif", "log2fc", "pvalue", "padj"]
    columns += ["mean_foreground", "mean_background"]
    return pd.concat(tables)[columns] if tables else pd.DataFrame(columns=columns)
