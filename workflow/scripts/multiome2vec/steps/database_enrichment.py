"""Enrichment in databases of a genome's regions, to which the dataset's are mapped and back."""

import logging
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from multiome2vec.errors import UserError
from multiome2vec.io.rankings_database import RankingsDatabase
from multiome2vec.io.region_names import parse_region_names
from multiome2vec.logs import progress
from multiome2vec.motifs.annotation import annotate, read_motif_table
from multiome2vec.regulation import cistarget, dem
from multiome2vec.regulation.cistromes import Edges
from multiome2vec.regulation.overlap import overlapping

logger = logging.getLogger(__name__)
FEWEST_RANKED = 1000  # regions of a database, of which 0.5 % are looked at


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
    wanted = np.unique(np.concatenate([*mapped.values(), np.empty(0, dtype=np.int64)]))
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
    some = np.unique(np.concatenate([*sets, np.empty(0, dtype=np.int64)]))
    if len(some) == 0:
        return some, some
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


def _comparable(fore: dict[str, np.ndarray], back: dict[str, np.ndarray]) -> list[str]:
    """Name the sets that have regions enough in the database, as has their background."""
    both = [name for name in fore if name in back]
    enough = [name for name in both if min(len(fore[name]), len(back[name])) >= dem.FEWEST]
    if few := sorted({*fore, *back} - set(enough)):
        logger.warning(
            "DEM leaves out, with fewer than %d regions of the database in them or in their "
            "background: %s", dem.FEWEST, ", ".join(few),
        )  # fmt: skip
    return enough


def ranked_in_database(path: str, sets: dict[str, np.ndarray], regions: pd.Index) -> list[str]:
    """Names of the sets of which given rankings have regions."""
    pairs = _pairs(RankingsDatabase(path), path, list(sets.values()), regions)
    return list(_mapped(sets, pairs))


def comparable_in_database(
    path: str, sets: dict[str, np.ndarray], chosen: dict[str, np.ndarray], regions: pd.Index
) -> list[str]:
    """Names of the sets that DEM can compare by given scores."""
    database = RankingsDatabase(path, kind="scores")
    pairs = _pairs(database, path, [*sets.values(), *chosen.values()], regions)
    fore = _mapped({name: sets[name] for name in chosen}, pairs)
    return _comparable(fore, _mapped(chosen, pairs))


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


def dem_in_database(
    path: str, sets: dict[str, np.ndarray], chosen: dict[str, np.ndarray], regions: pd.Index,
    **limits: float,
) -> tuple[pd.DataFrame, pd.Index]:  # fmt: skip
    """DEM on the scores of a database's regions that overlap the sets and their backgrounds."""
    database = RankingsDatabase(path, kind="scores")
    pairs = _pairs(database, path, [*sets.values(), *chosen.values()], regions)
    fore, back = _mapped({name: sets[name] for name in chosen}, pairs), _mapped(chosen, pairs)
    enough = _comparable(fore, back)
    every = [*(fore[name] for name in enough), *(back[name] for name in enough)]
    wanted = np.unique(np.concatenate([*every, np.empty(0, dtype=np.int64)]))
    places = [
        {name: np.searchsorted(wanted, found[name]) for name in enough} for found in (fore, back)
    ]
    with TemporaryDirectory() as scratch:
        gathered = database.gather(wanted, Path(scratch) / "scores", progress=_show)
        blocks = ((motifs, block, block) for motifs, block in gathered.blocks())
        return dem.compare_sets(blocks, database.motifs, *places, **limits), database.motifs
