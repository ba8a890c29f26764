"""cisTarget: which motifs rank the regions of a set above all others.

Herrmann et al. 2012 (i-cisTarget), Bravo González-Blas et al. 2023 (pycistarget). Every motif ranks
all N regions by its best score (0 is best). The recovery curve of a set is the number of its
regions among the first r; a motif is enriched if the area under the start of this curve is large
compared with those of all motifs.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

AUC_SHARE = 0.005  # of all regions, under which the area is measured
FEWEST_RANKS = 50  # with a dataset's own regions, of which there may be few
RANK_SHARE = 0.05  # of all regions, within which the leading edge is looked for

FEWEST_HITS = 3  # of a set within the area, for a motif to count; in small sets one is a high score

Blocks = Callable[[], Iterable[tuple[slice, np.ndarray]]]


@dataclass(frozen=True)
class Limits:
    """How far down the rankings one looks.

    Attributes
    ----------
    auc
        Ranks under whose recovery curve the area is measured.
    edge
        Ranks within which the leading edge is looked for.
    """

    auc: int
    edge: int

    @classmethod
    def of_own_regions(cls, n_regions: int) -> "Limits":
        """Limits for rankings of the dataset's own regions: at least 50 ranks."""
        auc = min(max(round(AUC_SHARE * n_regions), FEWEST_RANKS), n_regions)
        return cls(auc, max(int(RANK_SHARE * n_regions), auc))

    @classmethod
    def of_database(cls, n_regions: int) -> "Limits":
        """Limits of pycistarget, for a database of rankings."""
        return cls(round(AUC_SHARE * n_regions), int(RANK_SHARE * n_regions))


@dataclass
class _Curves:
    """Areas of a set's recovery curves and its hits by motif; sums of the curves over motifs."""

    auc: np.ndarray
    hits: np.ndarray
    total: np.ndarray
    square: np.ndarray
    bound: np.ndarray = field(default_factory=lambda: np.empty(0))


def enrich(
    blocks: Blocks,
    sets: dict[str, np.ndarray],
    *,
    n_motifs: int,
    limits: Limits,
    min_nes: float,
    min_hits: int = 1,
) -> tuple[pd.DataFrame, dict[tuple[str, int], np.ndarray]]:
    """Normalised enrichment scores of all motifs in all sets, and leading edges.

    The rankings are gone through twice, block by block; memory holds one block.

    Parameters
    ----------
    blocks
        Function that yields (slice of motifs, rankings of all regions × these motifs).
    sets
        By name: positions of the set's regions.
    n_motifs
        Motifs in all.
    limits
        See :class:`Limits`.
    min_nes
        Smallest normalised enrichment score of an enriched motif.
    min_hits
        Fewest regions of the set within ``limits.auc`` ranks of an enriched motif.

    Returns
    -------
    enriched : pandas.DataFrame
        region_set, motif (position), nes, auc, rank_at_max, n_hits of enriched motifs, by set and
        NES. NES = (auc − mean) / standard deviation over all motifs (population).
    leading_edges : dict
        For each (set, motif) the positions of the set's regions up to the rank at which the
        recovery exceeds mean + 2 standard deviations over motifs the most.
    """
    curves = {
        name: _Curves(*(np.zeros(n) for n in (n_motifs, n_motifs, limits.edge, limits.edge)))
        for name in sets
    }
    for motifs, ranks in blocks():
        for name, members in sets.items():
            mine, found = ranks[members], curves[name]
            found.auc[motifs] = recovery_auc(mine, limits.auc)
            found.hits[motifs] = (mine < limits.auc).sum(axis=0)
            for curve in recovery(mine, limits.edge):
                found.total += curve
                found.square += curve**2
    scores = {}
    for name, found in curves.items():
        mean = found.total / n_motifs
        spread = np.sqrt(np.maximum(found.square / n_motifs - mean**2, 0))
        found.bound = mean + 2 * spread
        deviation = found.auc.std()
        scores[name] = (found.auc - found.auc.mean()) / (deviation if deviation > 0 else 1)
    chosen = {
        name: (nes >= min_nes) & (curves[name].hits >= min_hits) for name, nes in scores.items()
    }
    return _leading_edges(blocks, sets, curves, scores, chosen, limits)


def recovery_auc(ranks: np.ndarray, cutoff: int) -> np.ndarray:
    """Area under the first ``cutoff`` ranks of each motif's recovery curve, as a share of the best.

    The last rank is left out, the largest area is counted with it (as R-SCENIC and ctxcore do):
    sum over regions with rank r < c of (c − r) / ((c + 1) n), where c = cutoff − 1.

    Parameters
    ----------
    ranks
        Regions of the set × motifs.
    """
    last = cutoff - 1
    return np.maximum(last - ranks, 0).sum(axis=0, dtype=np.int64) / ((last + 1) * len(ranks))


def recovery(ranks: np.ndarray, length: int) -> Iterator[np.ndarray]:
    """Yield each motif's recovery curve: regions of the set with rank ≤ 0, 1, ..., length − 1."""
    for column in ranks.T:
        yield np.cumsum(np.bincount(column[column < length], minlength=length)).astype(float)


def _leading_edges(
    blocks: Blocks,
    sets: dict[str, np.ndarray],
    curves: dict[str, _Curves],
    scores: dict[str, np.ndarray],
    enriched: dict[str, np.ndarray],
    limits: Limits,
) -> tuple[pd.DataFrame, dict[tuple[str, int], np.ndarray]]:
    rows, edges = [], {}
    for motifs, ranks in blocks():
        numbers = np.arange(motifs.start, motifs.stop)
        for name, members in sets.items():
            chosen = np.flatnonzero(enriched[name][motifs])
            mine = ranks[members][:, chosen]
            for motif, column, curve in zip(
                numbers[chosen], mine.T, recovery(mine, limits.edge), strict=True
            ):
                at = int(np.argmax(curve - curves[name].bound))
                edges[name, int(motif)] = members[column <= at]
                rows.append((name, int(motif), scores[name][motif], curves[name].auc[motif], at))
    table = pd.DataFrame(rows, columns=["region_set", "motif", "nes", "auc", "rank_at_max"])
    table["n_hits"] = [
        len(edges[key]) for key in zip(table["region_set"], table["motif"], strict=True)
    ]
    order = table.assign(place=table["region_set"].map({name: i for i, name in enumerate(sets)}))
    order = order.sort_values(["place", "nes"], ascending=[True, False], kind="stable")
    return table.loc[order.index].reset_index(drop=True), edges
