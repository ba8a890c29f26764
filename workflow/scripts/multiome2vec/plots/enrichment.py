"""Page of the motifs that are enriched in region sets."""

from collections.abc import Mapping

import jinja2
import numpy as np
import pandas as pd

from multiome2vec.plots.logo import consensus, logo_symbol
from multiome2vec.plots.style import natural

MOST_MOTIFS = 50  # shown per set
MOST_FACTORS = 4  # shown per motif
POSITION = 8  # px in width
SET = ["kind", "region_set"]
MOTIF = ["motif", "name", "tfs", "tfs_orthology"]
CISTARGET = ["nes", "auc", "n_hits", "rank_at_max"]
DEM = ["log2fc", "padj"]


def side_by_side(enrichment: pd.DataFrame, dem: pd.DataFrame) -> pd.DataFrame:
    """Join what both methods found: one row per set and motif.

    Parameters
    ----------
    enrichment, dem
        Columns kind, region_set, motif, name, tfs, tfs_orthology; nes, auc, n_hits and rank_at_max
        of cisTarget, log2fc and padj of DEM.

    Returns
    -------
    pandas.DataFrame
        The columns of both, NaN where a motif is not significant by a method. Within a set by
        falling NES, then motifs of DEM alone by falling fold change; sets in order of appearance.
    """
    by = [*SET, *MOTIF]
    table = enrichment[[*by, *CISTARGET]].merge(dem[[*by, *DEM]], on=by, how="outer", sort=False)
    order = {name: place for place, name in enumerate(_sets(pd.concat([enrichment, dem])))}
    place = [order[key] for key in zip(table["kind"], table["region_set"], strict=True)]
    table = table.assign(place=place).sort_values(
        ["place", "nes", "log2fc"], ascending=[True, False, False], kind="stable"
    )
    return table.drop(columns="place").reset_index(drop=True)


def best_of_each(table: pd.DataFrame, *, most: int) -> pd.DataFrame:
    """Keep the motifs of each set with the best rank by either method, in the order they had.

    Parameters
    ----------
    table
        Of :func:`side_by_side`.
    most
        Rows kept per set.
    """
    scores = table.groupby(SET, sort=False)[["nes", "log2fc"]]
    ranks = scores.rank(ascending=False, method="first").min(axis=1)
    chosen = ranks.groupby([table[name] for name in SET]).rank(method="first") <= most
    return table[chosen.to_numpy(dtype=bool)]


def enrichment_html(
    table: pd.DataFrame, *, sizes: Mapping[tuple[str, str], int], counts: Mapping[str, np.ndarray],
    template: str, thresholds: Mapping[str, float],
) -> str:  # fmt: skip
    """Fill the page: an overview of the sets, then a table of motifs with logos for each.

    Parameters
    ----------
    table
        Of :func:`side_by_side`.
    sizes
        By kind and name: regions of every set, those without an enriched motif too.
    counts
        By motif: positions × ACGT; a motif without them has no logo.
    template
        Jinja2 text of the page; every value is escaped.
    thresholds
        ``min_nes``, ``max_padj`` and ``min_log2fc``, to be told.
    """
    shown = best_of_each(table, most=MOST_MOTIFS)
    symbols = {motif: f"m{place}" for place, motif in enumerate(shown["motif"].unique())}
    symbols = {motif: name for motif, name in symbols.items() if motif in counts}
    logos = "".join(logo_symbol(counts[motif], name=name) for motif, name in symbols.items())
    logo = {
        motif: {
            "id": name,
            "width": POSITION * len(counts[motif]),
            "text": consensus(counts[motif]),
        }
        for motif, name in symbols.items()
    }
    found, visible = _split(table), _split(shown)
    kinds = list(dict.fromkeys(kind for kind, _ in sizes))
    ordered = sorted(sizes, key=lambda key: (kinds.index(key[0]), natural(key[1])))
    sets = [
        {
            "id": f"s{place}", "kind": key[0], "name": key[1], "regions": sizes[key],
            **_totals(found.get(key, table[:0])),
            "rows": [_cells(row, logo) for row in visible.get(key, shown[:0]).itertuples()],
        }
        for place, key in enumerate(ordered)
    ]  # fmt: skip
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(template).render(
        sets=sets, kinds=kinds, most=MOST_MOTIFS,
        logos=logos, thresholds=thresholds,
    )  # fmt: skip


def _sets(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(dict.fromkeys(zip(table["kind"], table["region_set"], strict=True)))


def _split(table: pd.DataFrame) -> dict[tuple[str, str], pd.DataFrame]:
    return dict(iter(table.groupby(SET, sort=False)))


def _totals(table: pd.DataFrame) -> dict[str, object]:
    """How many motifs of a set which method found, and the names of the first ones."""
    names = list(dict.fromkeys(table["name"]))
    return {
        "n_cistarget": int(table["nes"].notna().sum()),
        "n_dem": int(table["log2fc"].notna().sum()),
        "n_motifs": len(table),
        "first": _shortened(names, " "),
    }


def _cells(row, logo: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """Texts of one row."""
    return {
        "logo": logo.get(row.motif), "motif": row.motif, "name": row.name,
        "tfs": _shortened(row.tfs.split(","), ", "),
        "orthology": _shortened(row.tfs_orthology.split(","), ", "),
        "nes": _number(row.nes, ".2f"), "auc": _number(row.auc, ".4f"),
        "hits": _number(row.n_hits, ",.0f"), "rank": _number(row.rank_at_max, ",.0f"),
        "log2fc": _number(row.log2fc, ".2f"), "padj": _number(row.padj, ".1e"),
    }  # fmt: skip


def _shortened(names: list[str], separator: str) -> dict[str, str]:
    """Join the first names, and all of them where these are not all."""
    names = [name for name in names if name]
    more = len(names) - MOST_FACTORS
    text = separator.join(names[:MOST_FACTORS])
    return {
        "text": f"{text} +{more}" if more > 0 else text,
        "title": separator.join(names) if more > 0 else "",
    }


def _number(value: float, form: str) -> str:
    return "" if np.isnan(value) else format(value, form)
