"""Run pycistarget, in the environment of pycistarget: numpy 1, pandas 1, no anndata."""

import json
import logging
import os
from pathlib import Path

import pandas as pd

from multiome2vec.errors import UserError
from multiome2vec.io.atomic import atomic_path, write_json, write_tsv

logger = logging.getLogger(__name__)
DATABASE = (0.005, 0.05)  # pycistarget's defaults: shares of a database's regions
ENRICHMENT = ["region_set", "motif", "nes", "auc", "rank_at_max", "n_hits"]
DEM = ["region_set", "motif", "log2fc", "padj", "mean_foreground", "mean_background"]


def run_pycistarget(
    *, inputs: str, given: dict[str, str], thresholds: dict[str, float], out: str
) -> None:
    """Write a folder with ``cistarget.tsv``, ``dem.tsv`` and ``edges.json`` (regions per motif).

    Parameters
    ----------
    inputs
        Folder that the step ``pycistarget_inputs`` has written.
    given
        Databases given by the user, ``rankings`` and ``scores``; each may be missing.
    thresholds
        ``min_nes`` of cisTarget, ``max_padj`` and ``min_log2fc`` of DEM.
    out
        The folder.

    Raises
    ------
    UserError
        If pycistarget is not installed, or a set has no region in the database.
    """
    _refuse_other_environments()
    found = json.loads(Path(inputs, "sets.json").read_text())
    sets = {name: _ranges(regions) for name, regions in found["sets"].items()}
    chosen = {name: _ranges(regions) for name, regions in found["backgrounds"].items()}
    paths = {
        kind: given.get(kind) or str(Path(inputs, f"own.regions_vs_motifs.{kind}.feather"))
        for kind in ("rankings", "scores")
    }
    shares = DATABASE if "rankings" in given else found["limits"]
    try:
        ranked = {name: sets[name] for name in found["ranked"]}
        table, edges = _cistarget(paths["rankings"], ranked, shares, min_nes=thresholds["min_nes"])
        dem = _dem(paths["scores"], sets, chosen, thresholds)
    except ValueError as error:
        raise UserError(f"pycistarget: {' '.join(str(error).split())}") from error
    with atomic_path(out) as partial:
        partial.mkdir()
        write_tsv(table, partial / "cistarget.tsv", index=False)
        write_tsv(dem, partial / "dem.tsv", index=False)
        write_json(edges, partial / "edges.json")


def _refuse_other_environments() -> None:
    try:
        import pycistarget  # noqa: F401
    except ImportError:
        raise UserError(
            "pycistarget is not installed here. It needs an environment of its own "
            "(envs/pycistarget.yaml says how): name it in motifs.pycistarget_env and run Snakemake "
            "with --software-deployment-method conda, or set motifs.engine: lightmotif."
        ) from None


def _ranges(regions: list[str]):
    import pyranges
    from pycistarget.utils import region_names_to_coordinates

    return pyranges.PyRanges(region_names_to_coordinates(regions))


def _common() -> dict:
    """Arguments that keep it from looking annotations up on the internet: factors are added later.

    An empty file of annotations counts as none; the species only chooses what is downloaded.
    """
    return {"species": "homo_sapiens", "path_to_motif_annotations": os.devnull}


def _cistarget(
    path: str, sets: dict, shares: tuple[float, float], *, min_nes: float
) -> tuple[pd.DataFrame, dict[str, dict[str, list[str]]]]:
    from pycistarget.motif_enrichment_cistarget import cisTarget, cisTargetDatabase

    database = cisTargetDatabase(path, sets)
    half = 0.5 / database.total_regions  # the share is multiplied and cut off again
    tables, edges = [], {}
    for name, regions in sets.items():
        result = cisTarget(
            regions, name, nes_threshold=min_nes, auc_threshold=shares[0],
            rank_threshold=shares[1] + half, **_common(),
        )  # fmt: skip
        result.run_ctx(database)
        if len(result.motif_enrichment):
            tables.append(_table(result, name, NES="nes", AUC="auc", Rank_at_max="rank_at_max"))
        edges[name] = {m: sorted(hits) for m, hits in result.motif_hits["Region_set"].items()}
    return _joined(tables, ENRICHMENT), edges


def _dem(path: str, sets: dict, chosen: dict, thresholds: dict[str, float]) -> pd.DataFrame:
    from pycistarget.motif_enrichment_dem import DEM as Comparison
    from pycistarget.motif_enrichment_dem import DEMDatabase

    database = DEMDatabase(path)
    tables = []
    for name, background in chosen.items():
        result = Comparison(
            sets[name], background, name, adjpval_thr=thresholds["max_padj"],
            log2fc_thr=thresholds["min_log2fc"], **_common(),
        )  # fmt: skip
        result.run(database)
        columns = {"Log2FC": "log2fc", "Adjusted_pval": "padj"}
        columns |= {"Mean_fg": "mean_foreground", "Mean_bg": "mean_background"}
        tables.append(_table(result, name, **columns))
    return _joined(tables, DEM)


def _table(result, name: str, **columns: str) -> pd.DataFrame:
    table = result.motif_enrichment.rename(columns={"Motif_hits": "n_hits", **columns})
    return table.rename_axis("motif").reset_index().assign(region_set=name)


def _joined(tables: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    return pd.concat(tables)[columns] if tables else pd.DataFrame(columns=columns)
