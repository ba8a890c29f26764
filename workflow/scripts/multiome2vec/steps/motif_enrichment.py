"""Find the motifs that are enriched in region sets, and the regions they point to."""

import logging
from collections.abc import Iterator

import anndata as ad
import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import ContractError, UserError
from multiome2vec.io.atomic import write_h5ad, write_tsv
from multiome2vec.io.regions import read_bed
from multiome2vec.io.score_store import SCORES, SHUFFLED, ScoreStore
from multiome2vec.motifs.best import rankings
from multiome2vec.regulation import cistarget, dem
from multiome2vec.regulation.cistromes import Edges, cistromes
from multiome2vec.regulation.sets import read_sets
from multiome2vec.steps.database_enrichment import database_names, dem_in_database, in_database

logger = logging.getLogger(__name__)
OTHER_SETS = "other_sets"  # a choice of DEM's background; the other one is SHUFFLED
COLUMNS = ["kind", "region_set", "motif", "name", "tfs", "tfs_orthology"]


def motif_enrichment(
    *, scores: str | None, matches: str, annotation: str, folders: dict[str, str],
    promoters: str | None, out: dict[str, str], thresholds: dict[str, float], seed: int,
    background: str = OTHER_SETS, given: dict[str, str] | None = None,
) -> None:  # fmt: skip
    """Write cisTarget and DEM tables and cistromes of all region sets.

    Parameters
    ----------
    scores, matches, annotation
        ``best_scores.zarr`` (None if both databases are given), ``scores.h5ad`` (for the regions
        and their GC content) and ``motifs.tsv``.
    folders
        By kind (topics_otsu, topics_top_3k, dars): folder of BED files.
    promoters
        Promoters (BED), for the share of promoters of DEM's background; None to leave that out.
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
    regions = ad.read_h5ad(matches, backed="r").obs_names
    store = open_scores(scores, regions) if scores else None
    own_names = read_names(annotation)
    sets = set_positions(folders, regions)

    if path := given.get("rankings"):
        table, edges, motifs = in_database(path, sets, regions, thresholds["min_nes"])
        names = database_names(motifs, own_names, given.get("factors"))
    else:
        table, edges = _in_own_regions(store, sets, thresholds["min_nes"], seed=seed)
        names = own_names
    write_enrichment(table, edges, names, regions=regions, out=out)

    if background == SHUFFLED:
        chosen = _large_enough(sets, sets)
    else:
        chosen = backgrounds(sets, regions=regions, matches=matches, promoters=promoters, seed=seed)
    limits = {name: thresholds[name] for name in ("max_padj", "min_log2fc")}
    if path := given.get("scores"):
        table, motifs = dem_in_database(path, sets, chosen, regions, **limits)
        names = database_names(motifs, own_names, given.get("factors"))
    else:
        above = _above_limits(store, SHUFFLED if background == SHUFFLED else SCORES)
        table, names = dem.compare_sets(above, store.motifs, sets, chosen, **limits), own_names
    write_tsv(described(table, names), out["dem"], index=False)


def open_scores(path: str, regions: pd.Index) -> ScoreStore:
    """Open the scores of the regions, and of no others."""
    store = ScoreStore(path)
    if not store.regions.equals(regions):
        raise ContractError(f"{path} is not of the consensus regions. Remove it and run again.")
    return store


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
    if (highest := np.sqrt(max(len(store.motifs) - 1, 0))) < min_nes:
        logger.warning(
            "With %d motifs no score is above %.1f: none can reach motifs.enrichment.min_nes (%g)",
            len(store.motifs), highest, min_nes,
        )  # fmt: skip
    logger.info("area under %d ranks, leading edges within %d", limits.auc, limits.edge)

    def ranked():
        for motifs, block in store.blocks():
            yield motifs, rankings(block, rng=np.random.default_rng([seed, motifs.start]))

    table, edges = cistarget.enrich(
        ranked, sets, n_motifs=len(store.motifs), limits=limits, min_nes=min_nes,
        min_hits=cistarget.FEWEST_HITS,
    )  # fmt: skip
    table["motif"] = store.motifs[table["motif"]]
    return table, {(name, store.motifs[motif]): found for (name, motif), found in edges.items()}


def set_positions(folders: dict[str, str], regions: pd.Index) -> dict[str, np.ndarray]:
    """Positions of the regions of each set, named ``kind/set``; small sets are left out."""
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
    small = [name for name, members in found.items() if len(members) < dem.FEWEST]
    if small:
        logger.warning("left out, fewer than %d regions: %s", dem.FEWEST, ", ".join(small))
    return {name: members for name, members in found.items() if name not in small}


def _in_promoters(regions: pd.Index, promoters: str | None) -> np.ndarray:
    """Whether each region overlaps a promoter."""
    import bioframe

    if promoters is None:
        return np.zeros(len(regions), dtype=bool)
    parts = regions.to_series().str.extract(r"^(?P<chrom>.+):(?P<start>\d+)-(?P<end>\d+)$")
    table = parts.astype({keys.START: int, keys.END: int}).reset_index(drop=True)
    return bioframe.count_overlaps(table, read_bed(promoters))["count"].to_numpy() > 0


def backgrounds(
    sets: dict[str, np.ndarray], *, regions: pd.Index, matches: str, promoters: str | None,
    seed: int,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Regions of the other sets of a set's kind, alike in GC content and share of promoters.

    Sets with too few regions, of their own or in the background, are left out.
    """
    gc = ad.read_h5ad(matches, backed="r").obs.loc[regions, "gc"].to_numpy()
    promoter = _in_promoters(regions, promoters)
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


def described(table: pd.DataFrame, names: pd.DataFrame) -> pd.DataFrame:
    """Add kind of set, and name and factors of the motif, in front."""
    kind_and_set = table["region_set"].astype(str).str.extract("([^/]*)/(.*)")
    described = table.assign(kind=kind_and_set[0], region_set=kind_and_set[1])
    described = described.join(names[["name", "tfs", "tfs_orthology"]], on="motif")
    return described[[*COLUMNS, *(name for name in table if name not in COLUMNS)]]
