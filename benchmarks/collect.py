"""Gather the benchmark files of a finished run: python benchmarks/collect.py results/demo."""

import csv
import sys
from pathlib import Path


def rows(results: Path) -> list[list[str]]:
    """Rule, job, wall time (s), CPU time (s) and peak memory (MB) of every job."""
    found = []
    for path in sorted((results / "benchmarks").glob("*/*.tsv")):
        with path.open() as file:
            job = next(csv.DictReader(file, delimiter="\t"))
        found.append([path.parent.name, path.stem, job["s"], job["cpu_time"], job["max_rss"]])
    return found


if __name__ == "__main__":
    writer = csv.writer(sys.stdout, delimiter="\t", lineterminator="\n")
    writer.writerow(["rule", "job", "wall_s", "cpu_s", "peak_mb"])
    writer.writerows(rows(Path(sys.argv[1])))
