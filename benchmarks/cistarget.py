"""Compare cisTarget and DEM with pycistarget on a simulated database with planted enrichment.

    python benchmarks/cistarget.py FOLDER --pycistarget /path/to/env/bin/python

The environment of that Python is envs/pycistarget.yaml; both read the same feather files and the
same BED files in FOLDER. Writes comparison.tsv there and prints it.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

MIN_NES, MAX_PADJ, MIN_LOG2FC = 3.0, 0.05, 1.0
LENGTH = 500  # bp
DEM_SETS = 8  # pycistarget's DEM takes a hundred times as long per set as its cisTarget


def simulate(folder: Path, *, n_regions: int, n_motifs: int, n_sets: int, seed: int) -> None:
    """Write a rankings and a scores database, and for each set its regions and its background.

    Motif scores are 0 in about half of the regions. Each set has one to four motifs that score high
    in a tenth to a half of it, and each of its regions lies up to 400 bp beside that of the
    database, so that some overlap too little and some overlap two.
    """
    from multiome2vec.io.rankings_database import write_database
    from multiome2vec.motifs.best import rankings

    rng = np.random.default_rng(seed)
    start = np.cumsum(LENGTH + rng.integers(0, 300, n_regions))
    chrom = np.array([f"chr{1 + 5 * i // n_regions}" for i in range(n_regions)])
    names = _names(chrom, start)
    scores = np.maximum(rng.normal(0, 4, (n_regions, n_motifs)), 0).astype(np.float32)
    sets = {}
    for number in range(n_sets):
        members = rng.choice(n_regions, rng.integers(60, n_regions // 10), replace=False)
        for motif in rng.choice(n_motifs, rng.integers(1, 5), replace=False):
            hit = rng.random(len(members)) < rng.uniform(0.1, 0.5)
            scores[members[hit], motif] += rng.uniform(2, 8)
        sets[f"set{number}"] = members
    ranks = rankings(scores, rng=rng).astype(np.int16 if n_regions < 2**15 else np.int32)
    motifs = pd.Index([f"motif{i}" for i in range(n_motifs)])
    for kind, values in (("rankings", ranks), ("scores", scores)):
        path = folder / f"sim.regions_vs_motifs.{kind}.feather"
        write_database(path, values, regions=names, motifs=motifs)
    for name, members in sets.items():
        rest = np.setdiff1d(np.arange(n_regions), members)
        background = rng.choice(rest, 2 * len(members), replace=False)
        for kind, chosen in (("foreground", members), ("background", background)):
            moved = start[chosen] + rng.integers(0, 400, len(chosen)) * (rng.random() < 0.7)
            table = pd.DataFrame({"c": chrom[chosen], "s": moved, "e": moved + LENGTH})
            (folder / kind).mkdir(exist_ok=True)
            table.drop_duplicates().to_csv(
                folder / kind / f"{name}.bed", sep="\t", header=False, index=False
            )


def ours(folder: Path) -> None:
    """Run the functions of the workflow's step."""
    from multiome2vec.steps.database_enrichment import dem_in_database, in_database

    fore, back = (_read_sets(folder / kind) for kind in ("foreground", "background"))
    regions = pd.Index(sorted({name for part in (fore, back) for s in part.values() for name in s}))
    sets, chosen = (
        {name: regions.get_indexer(members) for name, members in part.items()}
        for part in (fore, back)
    )
    paths = _databases(folder)
    everything, _, _ = in_database(paths[0], sets, regions, -np.inf)
    tested = dict(sorted(chosen.items())[:DEM_SETS])
    dem_all, _ = dem_in_database(paths[1], sets, tested, regions, max_padj=1, min_log2fc=-np.inf)
    clock = _clock()
    _, edges, _ = in_database(paths[0], sets, regions, MIN_NES)
    cost = {"cistarget": _since(clock)}
    clock = _clock()
    dem, _ = dem_in_database(
        paths[1], sets, tested, regions, max_padj=MAX_PADJ, min_log2fc=MIN_LOG2FC
    )
    cost["dem"] = _since(clock)
    _write(
        folder, "ours",
        everything.rename(columns={"nes": "NES"}), dem_all.rename(columns={"log2fc": "Log2FC"}),
        {f"{s} {m}": sorted(regions[found]) for (s, m), found in edges.items()},
        dem[["region_set", "motif"]], cost,
    )  # fmt: skip


def theirs(folder: Path) -> None:
    """Run pycistarget; without a file of annotations it looks nothing up on the internet."""
    import pyranges
    from pycistarget.motif_enrichment_cistarget import cisTarget, cisTargetDatabase
    from pycistarget.motif_enrichment_dem import DEM, DEMDatabase

    fore, back = (
        {path.stem: pyranges.read_bed(str(path)) for path in sorted((folder / kind).glob("*.bed"))}
        for kind in ("foreground", "background")
    )
    common = {"species": "homo_sapiens", "path_to_motif_annotations": os.devnull}
    paths = _databases(folder)

    def run_cistarget(min_nes):
        database = cisTargetDatabase(paths[0], fore)
        found = {}
        for name, regions in fore.items():
            found[name] = cisTarget(regions, name, nes_threshold=min_nes, **common)
            found[name].run_ctx(database)
        return found

    def run_dem(**limits):
        database = DEMDatabase(paths[1])
        found = {}
        for name in sorted(back)[:DEM_SETS]:
            found[name] = DEM(fore[name], back[name], name, **common, **limits)
            found[name].run(database)
        return found

    # first runs, which also compile
    everything = run_cistarget(-np.inf)
    dem_all = run_dem(adjpval_thr=1.0, log2fc_thr=-np.inf, motif_hit_thr=0.0)
    clock = _clock()
    enriched = run_cistarget(MIN_NES)
    cost = {"cistarget": _since(clock)}
    clock = _clock()
    dem = run_dem(adjpval_thr=MAX_PADJ, log2fc_thr=MIN_LOG2FC)
    cost["dem"] = _since(clock)
    edges = {
        f"{name} {motif}": sorted(hits)
        for name, result in enriched.items()
        for motif, hits in result.motif_hits["Region_set"].items()
    }
    _write(
        folder, "theirs",
        _joined(everything).rename(columns={"Rank_at_max": "rank_at_max", "Motif_hits": "n_hits"}),
        _joined(dem_all).rename(columns={"Adjusted_pval": "padj"}),
        edges, _joined(dem)[["region_set", "motif"]], cost,
    )  # fmt: skip


def compare(folder: Path) -> pd.DataFrame:
    """Figures of the agreement, and the costs."""
    from scipy.stats import spearmanr

    both = [_load(folder, name) for name in ("ours", "theirs")]
    key = ["region_set", "motif"]
    nes = both[0]["nes"].merge(both[1]["nes"], on=key, suffixes=("", "_theirs"))
    dem = both[0]["dem"].merge(both[1]["dem"], on=key, suffixes=("", "_theirs"))
    enriched = nes[(nes["NES"] >= MIN_NES) | (nes["NES_theirs"] >= MIN_NES)]
    same_rank = enriched["rank_at_max"] == enriched["rank_at_max_theirs"]
    edges = [side["other"]["edges"] for side in both]
    same = [edges[0].get(name) == found for name, found in edges[1].items()]
    rho = [
        spearmanr(part["NES"], part["NES_theirs"]).statistic
        for _, part in nes.groupby("region_set")
    ]
    tested = [{tuple(pair) for pair in side["other"]["dem"]} for side in both]
    figures = {
        "region sets": nes["region_set"].nunique(),
        "sets × motifs compared": len(nes),
        "smallest Spearman correlation of NES": min(rho),
        "largest difference of NES": (nes["NES"] - nes["NES_theirs"]).abs().max(),
        f"NES >= {MIN_NES:g}, ours": len(edges[0]),
        f"NES >= {MIN_NES:g}, pycistarget": len(edges[1]),
        f"NES >= {MIN_NES:g}, both": len(set(edges[0]) & set(edges[1])),
        "identical leading edges": sum(same),
        "identical ranks at maximum": int(same_rank.sum()),
        "DEM significant, ours": len(tested[0]),
        "DEM significant, pycistarget": len(tested[1]),
        "DEM significant, both": len(tested[0] & tested[1]),
        "DEM, largest difference of log2FC": (dem["Log2FC"] - dem["Log2FC_theirs"]).abs().max(),
        "DEM, largest difference of adjusted p": (dem["padj"] - dem["padj_theirs"]).abs().max(),
    }  # fmt: skip
    for name in ("cistarget", "dem"):
        for unit in ("wall_s", "cpu_s"):
            mine, other = (side["other"]["cost"][name][unit] for side in both)
            figures[f"{name} {unit}, ours"] = mine
            figures[f"{name} {unit}, pycistarget"] = other
            figures[f"{name} {unit}, ratio"] = mine / other
    for side, name in zip(both, ("ours", "pycistarget"), strict=True):
        figures[f"peak memory (MB), {name}"] = side["other"]["peak_mb"]
    return pd.DataFrame({"figure": figures.keys(), "value": [f"{v:.6g}" for v in figures.values()]})


def _names(chrom: np.ndarray, start: np.ndarray) -> pd.Index:
    return pd.Index([f"{c}:{s}-{s + LENGTH}" for c, s in zip(chrom, start, strict=True)])


def _databases(folder: Path) -> list[str]:
    return [
        str(folder / f"sim.regions_vs_motifs.{kind}.feather") for kind in ("rankings", "scores")
    ]


def _read_sets(folder: Path) -> dict[str, list[str]]:
    from multiome2vec.regulation.sets import read_sets

    return read_sets(folder)


def _joined(results: dict) -> pd.DataFrame:
    parts = [
        result.motif_enrichment.rename_axis("motif").reset_index().assign(region_set=name)
        for name, result in results.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _clock() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(clock: tuple[float, float]) -> dict[str, float]:
    now = _clock()
    return {"wall_s": now[0] - clock[0], "cpu_s": now[1] - clock[1]}


def _write(folder, side, nes, dem, edges, significant, cost) -> None:
    nes[["region_set", "motif", "NES", "rank_at_max", "n_hits"]].to_csv(
        folder / f"{side}.nes.tsv", sep="\t", index=False
    )
    dem[["region_set", "motif", "Log2FC", "padj"]].to_csv(
        folder / f"{side}.dem.tsv", sep="\t", index=False
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"edges": edges, "dem": significant.to_numpy().tolist(), "cost": cost, "peak_mb": peak}
    (folder / f"{side}.json").write_text(json.dumps(found))


def _load(folder: Path, side: str) -> dict:
    return {
        "nes": pd.read_csv(folder / f"{side}.nes.tsv", sep="\t"),
        "dem": pd.read_csv(folder / f"{side}.dem.tsv", sep="\t"),
        "other": json.loads((folder / f"{side}.json").read_text()),
    }


def main() -> None:
    """Simulate, run both in processes of their own, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pycistarget", help="Python of an environment with pycistarget")
    parser.add_argument("--only", choices=["ours", "theirs"], help=argparse.SUPPRESS)
    for name, value in {"regions": 25_000, "motifs": 500, "sets": 24, "seed": 0}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    given = parser.parse_args()
    if given.only:
        {"ours": ours, "theirs": theirs}[given.only](given.folder)
        return
    given.folder.mkdir(parents=True, exist_ok=True)
    simulate(
        given.folder, n_regions=given.regions, n_motifs=given.motifs, n_sets=given.sets,
        seed=given.seed,
    )  # fmt: skip
    for side, python in {"ours": sys.executable, "theirs": given.pycistarget}.items():
        subprocess.run([python, __file__, str(given.folder), "--only", side], check=True)
    table = compare(given.folder)
    table.to_csv(given.folder / "comparison.tsv", sep="\t", index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
