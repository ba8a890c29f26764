"""Find the motifs that are enriched in region sets, and the regions they point to."""

import logging

import anndata as ad
import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.atomic import write_h5ad, write_tsv
from multiome2vec.io.regions import read_bed
from multiome2vec.io.score_store import ScoreStore
from multiome2vec.motifs.best import rankings
from multiome2vec.regulation import cistarget, dem
from multiome2vec.regulation.cistromes import cistromes
from multiome2vec.regulation.sets import read_sets

logger = logging.getLogger(__name__)
PROMOTER = 500  # bp around a transcription start site
COLUMNS = ["kind", "region_set", "motif", "name", "tfs", "tfs_orthology"]


def motif_enrichment(
    *, scores: str, matches: str, annotation: str, folders: dict[str, str], tss: str | None,
    out: dict[str, str], thresholds: dict[str, float], seed: int,
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
    """
    store = ScoreStore(scores)
    names = pd.read_csv(annotation, sep="\t", index_col="motif", dtype=str, keep_default_na=False)
    sets = _positions(folders, store.regions)
    regions = ad.read_h5ad(matches, backed="r").obs.loc[store.regions]

    limits = cistarget.Limits.of_own_regions(len(store.regions))
    logger.info("area under %d ranks, leading edges within %d", limits.auc, limits.edge)

    def ranked():
        for motifs, block in store.blocks():
            yield motifs, rankings(block, rng=np.random.default_rng([seed, motifs.start]))

    table, edges = cistarget.enrich(
        ranked, sets, n_motifs=len(store.motifs), limits=limits, min_nes=thresholds["min_nes"]
    )
    table["motif"] = store.motifs[table["motif"]]
    write_tsv(_described(table, names).round(4), out["enrichment"], index=False)
    logger.info("enriched motifs per set: %s", table["region_set"].value_counts().to_dict())

    promoter = _promoters(store.regions, tss)
    backgrounds = _backgrounds(sets, gc=regions["gc"].to_numpy(), promoter=promoter, seed=seed)
    table = _dem(
        store, sets, backgrounds,
        max_padj=thresholds["max_padj"], min_log2fc=thresholds["min_log2fc"],
    )  # fmt: skip
    write_tsv(_described(table, names), out["dem"], index=False)

    named = {(name, store.motifs[motif]): found for (name, motif), found in edges.items()}
    matrix, columns = cistromes(named, names, n_regions=len(store.regions))
    write_h5ad(
        ad.AnnData(matrix, obs=pd.DataFrame(index=store.regions), var=columns), out["cistromes"]
    )


def _positions(folders: dict[str, str], regions: pd.Index) -> dict[str, np.ndarray]:
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


def _backgrounds(
    sets: dict[str, np.ndarray], *, gc: np.ndarray, promoter: np.ndarray, seed: int
) -> dict[str, np.ndarray]:
    """Regions of the other sets of a set's kind, alike in GC content and share of promoters."""
    found = {}
    for name, members in sets.items():
        kind = name.partition("/")[0]
        others = [sets[other] for other in sets if other != name and other.startswith(f"{kind}/")]
        pool = np.unique(np.concatenate([*others, np.empty(0, dtype=np.int64)]))
        rng = np.random.default_rng(seed)
        chosen = dem.balanced_background(members, pool, gc=gc, promoter=promoter, rng=rng)
        if min(len(members), len(chosen)) >= dem.FEWEST:
            found[name] = chosen
            continue
        logger.warning(
            "DEM leaves out %s: %d regions, %d in the background", name, len(members), len(chosen)
        )
    return found


def _dem(
    store: ScoreStore, sets: dict[str, np.ndarray], backgrounds: dict[str, np.ndarray], *,
    max_padj: float, min_log2fc: float,
) -> pd.DataFrame:  # fmt: skip
    """Compare each set with its background; scores are bits above the threshold of a match."""
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in backgrounds}
    for motifs, block in store.blocks():
        above = np.maximum(block - store.limits[motifs].astype(np.float32), 0)
        for name, background in backgrounds.items():
            found = dem.compare(above[sets[name]], above[background])
            parts[name].append(found.assign(motif=store.motifs[motifs]))
    tables = []
    for name, found in parts.items():
        table = dem.significant(pd.concat(found), max_padj=max_padj, min_log2fc=min_log2fc)
        table = table.sort_values("log2fc", ascending=False, kind="stable")
        tables.append(table.assign(region_set=name))
    columns = ["region_set", "motif", "log2fc", "pvalue", "padj"]
    columns += ["mean_foreground", "mean_background"]
    return pd.concat(tables)[columns] if tables else pd.DataFrame(columns=columns)


def _described(table: pd.DataFrame, names: pd.DataFrame) -> pd.DataFrame:
    """Add kind of set, and name and factors of the motif, in front."""
    kind_and_set = table["region_set"].astype(str).str.extract("([^/]*)/(.*)")
    described = table.assign(kind=kind_and_set[0], region_set=kind_and_set[1])
    described = described.join(names[["name", "tfs", "tfs_orthology"]], on="motif")
    return described[[*COLUMNS, *(name for name in table if name not in COLUMNS)]]
