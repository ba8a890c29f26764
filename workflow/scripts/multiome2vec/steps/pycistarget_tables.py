"""What pycistarget has found, as the files that every engine writes."""

import json
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd

from multiome2vec.errors import ContractError
from multiome2vec.io.atomic import write_tsv
from multiome2vec.io.rankings_database import RankingsDatabase
from multiome2vec.steps.database_enrichment import database_names
from multiome2vec.steps.motif_enrichment import described, read_names, write_enrichment


def pycistarget_tables(
    *, found: str, matches: str, annotation: str, given: dict[str, str], out: dict[str, str]
) -> None:
    """Write tables with names and factors of the motifs, and cistromes of the leading edges.

    pycistarget states adjusted p-values only, so ``pvalue`` of DEM's table is empty.

    Parameters
    ----------
    found
        Folder that the step ``run_pycistarget`` has written.
    matches, annotation
        ``scores.h5ad`` (for the regions) and ``motifs.tsv``.
    given, out
        As in :func:`multiome2vec.steps.motif_enrichment.motif_enrichment`.
    """
    regions = ad.read_h5ad(matches, backed="r").obs_names
    names = {"rankings": read_names(annotation), "scores": read_names(annotation)}
    for kind in {"rankings", "scores"} & set(given):
        motifs = RankingsDatabase(given[kind], kind=kind).motifs
        names[kind] = database_names(motifs, names[kind], given.get("factors"))
    edges = {
        (name, motif): regions.get_indexer(hits)
        for name, motifs in json.loads(Path(found, "edges.json").read_text()).items()
        for motif, hits in motifs.items()
    }
    if any((positions < 0).any() for positions in edges.values()):
        raise ContractError(f"{found}/edges.json has regions that {matches} lacks: remove it.")
    table = _read(Path(found, "cistarget.tsv"))
    write_enrichment(table, edges, names["rankings"], regions=regions, out=out)
    dem = _read(Path(found, "dem.tsv"))
    dem.insert(dem.columns.get_loc("log2fc") + 1, "pvalue", np.nan)
    write_tsv(described(dem, names["scores"]), out["dem"], index=False)


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", dtype={"region_set": str, "motif": str})
