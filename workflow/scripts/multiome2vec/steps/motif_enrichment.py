"""Find the motifs that are enriched in region sets, and the regions they point to."""

import logging
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import anndata as ad
import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.atomic import write_h5ad, write_tsv
from multiome2vec.io.rankings_database import RankingsDatabase
from multiome2vec.io.region_names import parse_region_names
from multiome2vec.io.regions import read_bed
from multiome2vec.io.score_store import SCORES, SHUFFLED, ScoreStore
from multiome2vec.logs import progress
from multiome2vec.motifs.annotation import annotate, read_motif_table
from multiome2vec.motifs.best import rankings
from multiome2vec.regulation import cistarget, dem
from multiome2vec.regulation.cistromes import cistromes
from multiome2vec.regulation.overlap import overlapping
from multiome2vec.regulation.sets import read_sets

logger = logging.getLogger(__name__)
PROMOTER = 500  # bp around a transcription start site
FEWEST_RANKED = 1000  # regions of a database, of which 0.5 % are looked at
OTHER_SETS = "other_sets"  # a choice of DEM's background; the other one is SHUFFLED
COLUMNS = ["kind", "region_set", "motif", "name", "tfs", "tfs_orthology"]

Edges = dict[tuple[str, str], np.ndarray]


def motif_enrichment(
    *, scores: str, matches: str, annotation: str, folders: dict[str, str], tss: str | None,
    out: dict[str, str], thresholds: dict[str, float], seed: int,
    background: str = OTHER_SETS, given: dict[str, str] | None = None,
) -> None:  # fmt: skip
    """Write cisTarget and DEM tables and cistromes of all region sets.

    Parameters
    ----------
    scores, matches, annotation
        ``best_scores.zarr``, ``scores.h5ad`` (for the GC content) and ``motifs.tsv``.
    folders
        By kind (topics_otsu, topics_top_3k, dars): folder of BED files.
    tss
        Start sites, for the share of promoters of DEM's background; None to leave that out.
    out
        ``enrichment`` and ``dem`` (tables, by set and NES or fold change), ``cistromes`` (regions ×
        factors).
    thresholds
        ``min_nes`` of cisTarget, ``max_padj`` and ``min_log2fc`` of DEM.
    seed
        Of the order of regions with equal scores, and of the backgrounds.
    background
        What DEM compares a set with: balanced regions of the other sets of its kind
        (``other_sets``), or its own sequences, ``shuffled``.
    given
        Databases to use in place of the scores: ``rankings`` for cisTarget, ``scores`` for DEM, and
        ``factors``, a table of their motifs' factors; each may be missing.
    """
    given = given or {}
    store = ScoreStore(scores)
    own_names = read_names(annotation)
    sets = set_positions(folders, store.regions)

    if path := given.get("rankings"):
        table, edges, motifs = in_database(path, sets, store.regions, thresholds["min_nes"])
        names = database_names(motifs, own_names, given.get("factors"))
    else:
        table, edges = _in_own_regions(store, sets, thresholds["min_nes"], seed=seed)
        names = own_names
    write_enrichment(table, edges, names, regions=store.regions, out=out)

    if background == SHUFFLED:
        chosen = _large_enough(sets, sets)
    else:
        chosen = backgrounds(sets, regions=store.regions, matches=matches, tss=tss, seed=seed)
    limits = {name: thresholds[name] for name in ("max_padj", "min_log2fc")}
    if path := given.get("scores"):
        table, motifs = dem_in_database(path, sets, chosen, store.regions, **limits)
        names = database_names(motifs, own_names, given.get("factors"))
    else:
        above = _above_limits(store, SHUFFLED if background == SHUFFLED else SCORES)
        table, names = _dem(above, store.motifs, sets, chosen, **limits), own_names
    write_tsv(described(table, names), out["dem"], index=False)


def read_names(annotation: str) -> pd.DataFrame:
    """Read ``motifs.tsv``: name, tfs, tfs_orthology by motif."""
    return pd.read_csv(annotation, sep="\t", index_col="motif", dtype=str, keep_default_na=False)


def above_limits(store: ScoreStore, motifs: slice, block: np.ndarray) -> np.ndarray:
    """Scores as bits above the threshold of a match, 0 where there is none."""
    return np.maximum(block - store.limits[motifs].astype(np.float32), 0)


def _above_limits(store: ScoreStore, of_background: str) -> Iterator[tuple]:
    """Yield slices of motifs with such scores of sets and of backgrounds."""
    for motifs, block in store.blocks():
        above = other = above_limits(store, motifs, block)
        if of_background != SCORES:
            other = above_limits(store, motifs, store.block(motifs, of_background))
        yield motifs, above, other


def write_enrichment(
    table: pd.DataFrame, edges: Edges, names: pd.DataFrame, *, regions: pd.Index,
    out: dict[str, str],
) -> None:  # fmt: skip
    """Write the table of enriched motifs and the cistromes of their leading edges."""
    write_tsv(described(table, names).round(4), out["enrichment"], index=False)
    logger.info("enriched motifs per set: %s", table["region_set"].value_counts().to_dict())
    matrix, columns = cistromes(edges, names, n_regions=len(regions))
    write_h5ad(ad.AnnData(matrix, obs=pd.DataFrame(index=regions), var=columns), out["cistromes"])


def _in_own_regions(
    store: ScoreStore, sets: dict[str, np.ndarray], min_nes: float, *, seed: int
) -> tuple[pd.DataFrame, Edges]:
    """Enrichment in rankings of the dataset's own regions."""
    limits = cistarget.Limits.of_own_regions(len(store.regions))
    logger.info("area under %d ranks, leading edges within %d", limits.auc, limits.edge)

    def ranked():
        for motifs, block in store.blocks():
            yield motifs, rankings(block, rng=np.random.default_rng([seed, motifs.start]))

    table, edges = cistarget.enrich(
        ranked, sets, n_motifs=len(store.motifs), limits=limits, min_nes=min_nes
    )
    table["motif"] = store.motifs[table["motif"]]
    return table, {(name, store.motifs[motif]): found for (name, motif), found in edges.items()}


def in_database(
    path: str, sets: dict[str, np.ndarray], regions: pd.Index, min_nes: float
) -> tuple[pd.DataFrame, Edges, pd.Index]:
    """Enrichment in given rankings; leading edges as positions of the dataset's regions."""
    database = RankingsDatabase(path)
    if len(database.regions) < FEWEST_RANKED:
        raise UserError(
            f"{path} has {len(database.regions)} regions. Rankings of fewer than {FEWEST_RANKED} "
            "say nothing: give a database of a whole genome's regions."
        )
    limits = cistarget.Limits.of_database(len(database.regions))
    logger.info("%d motifs rank %d regions", len(database.motifs), len(database.regions))
    logger.info("area under %d ranks, leading edges within %d", limits.auc, limits.edge)
    pairs = _pairs(database, path, list(sets.values()), regions)
    mapped = _mapped(sets, pairs)
    wanted = np.unique(np.concatenate(list(mapped.values())))
    with TemporaryDirectory() as scratch:
        gathered = database.gather(wanted, Path(scratch) / "ranks", progress=_show)
        places = {name: np.searchsorted(wanted, found) for name, found in mapped.items()}
        table, edges = cistarget.enrich(
            gathered.blocks, places, n_motifs=len(database.motifs), limits=limits, min_nes=min_nes
        )
    table["motif"] = database.motifs[table["motif"]]
    of_set = {name: np.isin(pairs[0], sets[name]) for name in mapped}
    named = {}
    for (name, motif), found in edges.items():
        ours, theirs = (side[of_set[name]] for side in pairs)
        named[name, database.motifs[motif]] = np.unique(ours[np.isin(theirs, wanted[found])])
    return table, named, database.motifs


def _pairs(
    database: RankingsDatabase, path: str, sets: list[np.ndarray], regions: pd.Index
) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the sets' regions and of those of the database that they overlap."""
    some = np.unique(np.concatenate(sets))
    table = parse_region_names(regions[some], path="the region sets")
    ours, theirs = overlapping(table, database.regions)
    if len(ours) == 0:
        raise UserError(
            f"{path}: none of its regions (such as {database.regions.index[0]}) overlaps a region "
            f"of the sets (such as {table.index[0]}). Are the chromosomes named differently, or is "
            "it of another assembly?"
        )
    logger.info(
        "%d of %d regions of the sets overlap one of the database", len(np.unique(ours)), len(some)
    )
    return some[ours], theirs


def _mapped(
    sets: dict[str, np.ndarray], pairs: tuple[np.ndarray, np.ndarray]
) -> dict[str, np.ndarray]:
    """Positions in the database of each set's regions; sets without any are left out."""
    found = {
        name: np.unique(pairs[1][np.isin(pairs[0], members)]) for name, members in sets.items()
    }
    if without := [name for name, members in found.items() if len(members) == 0]:
        logger.warning("no region in the database, left out: %s", ", ".join(without))
    return {name: members for name, members in found.items() if len(members)}


def _show(items: range) -> Iterator[int]:
    return progress(items, total=len(items), what="parts of the database")


def database_names(motifs: pd.Index, own_names: pd.DataFrame, factors: str | None) -> pd.DataFrame:
    """Names and factors of a database's motifs; those of ``motifs.tsv`` without a table."""
    if factors:
        table = pd.DataFrame({"name": motifs, "tfs": ""}, index=motifs)
        return annotate(table, read_motif_table(factors))
    if not motifs.isin(own_names.index).any():
        logger.warning(
            "motifs.tsv has none of the database's motifs (such as %s): they have no factors, and "
            "there are no cistromes. Name a table of them in motifs.enrichment.factors.", motifs[0]
        )  # fmt: skip
    names = own_names.reindex(motifs, fill_value="")
    return names.assign(name=names["name"].where(names["name"] != "", motifs.to_series()))


def set_positions(folders: dict[str, str], regions: pd.Index) -> dict[str, np.ndarray]:
    """Positions of the regions of each set, named ``kind/set``."""
    found = {}
    for kind, folder in folders.items():
        for name, members in read_sets(folder).items():
            positions = regions.get_indexer(members)
            if (positions < 0).any():
                unknown = members[int(np.argmax(positions < 0))]
                raise UserError(
                    f"{folder}/{name}.bed: {unknown} is no consensus region. Sets must be made of "
                    "the regions in peaks/<caller>/consensus.bed."
                )
            found[f"{kind}/{name}"] = positions
    return found


def _promoters(regions: pd.Index, tss: str | None) -> np.ndarray:
    """Whether each region lies within 500 bp of a start site."""
    import bioframe

    if tss is None:
        return np.zeros(len(regions), dtype=bool)
    parts = regions.to_series().str.extract(r"^(?P<chrom>.+):(?P<start>\d+)-(?P<end>\d+)$")
    table = parts.astype({keys.START: int, keys.END: int}).reset_index(drop=True)
    sites = read_bed(tss)
    sites[keys.START], sites[keys.END] = sites[keys.START] - PROMOTER, sites[keys.END] + PROMOTER
    return bioframe.count_overlaps(table, sites)["count"].to_numpy() > 0


def backgrounds(
    sets: dict[str, np.ndarray], *, regions: pd.Index, matches: str, tss: str | None, seed: int
) -> dict[str, np.ndarray]:
    """Regions of the other sets of a set's kind, alike in GC content and share of promoters.

    Sets with too few regions, of their own or in the background, are left out.
    """
    gc = ad.read_h5ad(matches, backed="r").obs.loc[regions, "gc"].to_numpy()
    promoter = _promoters(regions, tss)
    found = {}
    for name, members in sets.items():
        kind = name.partition("/")[0]
        others = [sets[other] for other in sets if other != name and other.startswith(f"{kind}/")]
        pool = np.unique(np.concatenate([*others, np.empty(0, dtype=np.int64)]))
        rng = np.random.default_rng(seed)
        found[name] = dem.balanced_background(members, pool, gc=gc, promoter=promoter, rng=rng)
    return _large_enough(sets, found)


def _large_enough(
    sets: dict[str, np.ndarray], chosen: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Backgrounds of the sets that can be compared; the others are named in the log."""
    for name, found in chosen.items():
        if min(len(sets[name]), len(found)) < dem.FEWEST:
            logger.warning(
                "DEM leaves out %s: %d regions, %d in the background",
                name, len(sets[name]), len(found),
            )  # fmt: skip
    return {
        name: found
        for name, found in chosen.items()
        if min(len(sets[name]), len(found)) >= dem.FEWEST
    }


def dem_in_database(
    path: str, sets: dict[str, np.ndarray], chosen: dict[str, np.ndarray], regions: pd.Index,
    **limits: float,
) -> tuple[pd.DataFrame, pd.Index]:  # fmt: skip
    """DEM on the scores of a database's regions that overlap the sets and their backgrounds."""
    database = RankingsDatabase(path, kind="scores")
    pairs = _pairs(database, path, [*sets.values(), *chosen.values()], regions)
    fore, back = _mapped(sets, pairs), _mapped(chosen, pairs)
    both = [name for name in chosen if name in fore and name in back]
    enough = [name for name in both if min(len(fore[name]), len(back[name])) >= dem.FEWEST]
    every = [*(fore[name] for name in enough), *(back[name] for name in enough)]
    wanted = np.unique(np.concatenate([*every, np.empty(0, dtype=np.int64)]))
    places = [
        {name: np.searchsorted(wanted, found[name]) for name in enough} for found in (fore, back)
    ]
    with TemporaryDirectory() as scratch:
        gathered = database.gather(wanted, Path(scratch) / "scores", progress=_show)
        blocks = ((motifs, block, block) for motifs, block in gathered.blocks())
        return _dem(blocks, database.motifs, *places, **limits), database.motifs


def _dem(
    blocks: Iterator[tuple[slice, np.ndarray, np.ndarray]], motifs: pd.Index,
    sets: dict[str, np.ndarray], chosen: dict[str, np.ndarray], *, max_padj: float,
    min_log2fc: float,
) -> pd.DataFrame:  # fmt: skip
    """Compare each set with its background, by blocks of motifs (their scores and the others')."""
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in chosen}
    for numbers, scores, others in blocks:
        for name, background in chosen.items():
            found = dem.compare(scores[sets[name]], others[background])
            parts[name].append(found.assign(motif=motifs[numbers]))
    tables = []
    for name, found in parts.items():
        table = dem.significant(pd.concat(found), max_padj=max_padj, min_log2fc=min_log2fc)
        table = table.sort_values("log2fc", ascending=False, kind="stable")
        tables.append(table.assign(region_set=name))
    columns = ["region_set", "motif", "log2fc", "pvalue", "padj"]
    columns += ["mean_foreground", "mean_background"]
    return pd.concat(tables)[columns] if tables else pd.DataFrame(columns=columns)


def described(table: pd.DataFrame, names: pd.DataFrame) -> pd.DataFrame:
    """Add kind of set, and name and factors of the motif, in front."""
    kind_and_set = table["region_set"].astype(str).str.extract("([^/]*)/(.*)")
    described = table.assign(kind=kind_and_set[0], region_set=kind_and_set[1])
    described = described.join(names[["name", "tfs", "tfs_orthology"]], on="motif")
    return described[[*COLUMNS, *(name for name in table if name not in COLUMNS)]]
