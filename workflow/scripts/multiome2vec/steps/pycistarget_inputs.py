"""What pycistarget reads: rankings and scores as feather databases, region sets and backgrounds."""

import logging
from pathlib import Path

import anndata as ad
import numpy as np

from multiome2vec.io.atomic import atomic_path, write_json
from multiome2vec.io.rankings_database import write_database
from multiome2vec.motifs.best import rankings
from multiome2vec.regulation.cistarget import Limits
from multiome2vec.steps.database_enrichment import comparable_in_database, ranked_in_database
from multiome2vec.steps.motif_enrichment import (
    above_limits,
    backgrounds,
    open_scores,
    set_positions,
)

logger = logging.getLogger(__name__)


def pycistarget_inputs(
    *, scores: str | None, matches: str, folders: dict[str, str], promoters: str | None,
    given: dict[str, str], out: str, seed: int,
) -> None:  # fmt: skip
    """Write a folder with ``sets.json`` and the databases that are not given.

    The rankings, the limits of the recovery curves and the backgrounds are those of the engine
    lightmotif with the same seed.

    Parameters
    ----------
    scores, matches, folders, promoters, seed
        As in :func:`multiome2vec.steps.motif_enrichment.motif_enrichment`.
    given
        Databases given by the user, ``rankings`` and ``scores``; each may be missing.
    out
        The folder.
    """
    regions = ad.read_h5ad(matches, backed="r").obs_names
    store = open_scores(scores, regions) if scores else None
    sets = set_positions(folders, regions)
    chosen = backgrounds(sets, regions=regions, matches=matches, promoters=promoters, seed=seed)
    ranked = list(sets)
    if path := given.get("rankings"):
        ranked = ranked_in_database(path, sets, regions)
    if path := given.get("scores"):
        names = comparable_in_database(path, sets, chosen, regions)
        chosen = {name: chosen[name] for name in names}
    limits = Limits.of_own_regions(len(regions))
    values = {
        "rankings": lambda motifs, block: rankings(
            block, rng=np.random.default_rng([seed, motifs.start])
        ),
        "scores": lambda motifs, block: above_limits(store, motifs, block),
    }
    with atomic_path(out) as partial:
        partial.mkdir()
        for kind in sorted(set(values) - set(given)):
            columns = [values[kind](motifs, block) for motifs, block in store.blocks()]
            path = own_database(partial, kind)
            write_database(
                path, np.concatenate(columns, axis=1), regions=regions, motifs=store.motifs
            )
            logger.info("%s: %.0f MB", path.name, path.stat().st_size / 1e6)
        named = [
            {name: regions[found].tolist() for name, found in part.items()}
            for part in (sets, chosen)
        ]
        write_json(
            {
                "sets": named[0],
                "ranked": ranked,
                "backgrounds": named[1],
                "limits": [limits.auc / len(regions), limits.edge / len(regions)],
            },
            partial / "sets.json",
        )


def own_database(folder: str | Path, kind: str) -> Path:
    """Path of the database of the dataset's own regions; pycistarget tells the kind by the name."""
    return Path(folder) / f"own.regions_vs_motifs.{kind}.feather"
