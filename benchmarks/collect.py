"""Gather the benchmark files of a finished run: python benchmarks/collect.py results/demo.

One row per job: wall time, CPU time, peak memory, and the sizes of the data that the job worked on,
as they are in the results (workflow/scripts/multiome2vec/costs/measures.py says what each is).
"""

import csv
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import anndata as ad
from multiome2vec.costs.measures import (
    MEASURES,
    dataset_sizes,
    epochs_and_features,
    kind_sizes,
    sample_sizes,
)
from multiome2vec.io.sheet import COLUMNS

#: Snakemake looks at a job every half second for so many seconds, then at longer intervals (s)
OFTEN, INTERVAL = 15, 30
NO_ROW = dict.fromkeys(COLUMNS, "")  # of a sample sheet: sizes are taken from the results alone


def benchmark_files(results: Path) -> Iterator[tuple[str, str, Path]]:
    """Rule, job and file of all jobs of a dataset, with those of its genome and its files."""
    for path in sorted((results / "benchmarks").glob("*/*.tsv")):
        yield path.parent.name, path.stem, path
    for path in sorted((results.parents[1] / "logs").glob("*/*.benchmark.tsv")):
        yield path.parent.name, path.name.removesuffix(".benchmark.tsv"), path


def sizes_of_run(results: Path) -> tuple[dict, dict]:
    """Sizes of the dataset, and of each of its samples."""
    folders = sorted((results / "samples").iterdir())
    samples = {folder.name: sample_sizes(NO_ROW, folder) for folder in folders}
    genomes = sorted((results.parents[1] / "resources/genomes").glob("*/genome.fa"))
    topics = sorted((results / "topics").glob("*/*/topics.h5ad"))
    settings = {
        "max_cells": None,
        "fit_cells": float("inf"),
        "iterations": iterations(topics[0]) if topics else 0,
        "topics": max((int(path.parent.name) for path in topics), default=0),
        "collection": None,
        "bed": None,
        "genome": str(genomes[0]) if genomes else None,
        "databases": [],
    }
    return dataset_sizes(samples.values(), results, settings), samples


def iterations(path: Path) -> int:
    """Tell the iterations of a topic model."""
    return int(ad.read_h5ad(path, backed="r").uns["topics"]["iterations"])


def sizes_of_job(results: Path, rule: str, job: str, dataset: dict, samples: dict) -> dict:
    """Sizes that a job worked on."""
    sizes = dataset | samples.get(job, {})
    sizes |= {"epochs": 0, "features": epochs_and_features("trivae", {}, dataset)[1]}
    sizes |= kind_sizes(dataset, "region")
    if topics := re.fullmatch(r"topic_model\w*", rule) and re.search(r"\.(\d+)$", job):
        sizes["topics"] = int(topics[1])
    if kind := re.search(r"\b(gene|region|motif|rna|atac)$", job):
        names = {"rna": "gene", "atac": "region"}
        sizes |= kind_sizes(dataset, names.get(kind[1], kind[1]))
    if rule == "train":
        model, seed = job.rsplit(".", 1)
        card = json.loads((results / f"models/{model}/seed-{seed}/card.json").read_text())
        sizes["features"] = sum(one["used"] for one in card["features"].values())
        sizes["epochs"] = card["epochs"]
    return sizes


def cpu_seconds(wall: float, seen: float) -> float:
    """CPU time of a whole job, of which Snakemake saw what had passed when it looked last."""
    last = wall if wall < OFTEN else OFTEN + (wall - OFTEN) // INTERVAL * INTERVAL
    return round(seen * wall / last, 2)


def rows(results: Path) -> list[list[str]]:
    """Rule, job, wall time (s), CPU time (s), peak memory (MB) and sizes of every job."""
    dataset, samples = sizes_of_run(results)
    found = []
    for rule, name, path in benchmark_files(results):
        with path.open() as file:
            job = next(csv.DictReader(file, delimiter="\t"))
        sizes = sizes_of_job(results, rule, name, dataset, samples)
        used = [f"{sizes[measure]:.0f}" for measure in MEASURES]
        cpu = job["cpu_time"]
        cpu = cpu if cpu == "NA" else cpu_seconds(float(job["s"]), float(cpu))
        found.append([rule, name, job["s"], cpu, job["max_rss"], *used])
    return found


if __name__ == "__main__":
    writer = csv.writer(sys.stdout, delimiter="\t", lineterminator="\n")
    writer.writerow(["rule", "job", "wall_s", "cpu_s", "peak_mb", *MEASURES])
    writer.writerows(rows(Path(sys.argv[1]).absolute()))
