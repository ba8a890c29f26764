"""The tiny run by ``snakemake --profile profiles/slurm``, as far as the embedding."""

import re
from pathlib import Path

import pandas as pd
import pytest
from workflow.cluster.slurm import finish, start
from workflow.contents import assert_same


@pytest.fixture(scope="module")
def run(cluster, tmp_path_factory):
    """Directory of the finished run."""
    directory = tmp_path_factory.mktemp("slurm")
    finish(start(directory, "embed"), directory)
    return directory


def test_results_are_those_of_the_local_run(run, tiny):
    names = (
        "matrices/multiome.h5mu",
        "topics/tomotopy/5/topics.h5ad",
        "embeddings/trivae/seed-0.h5ad",
    )
    assert_same(run, tiny, names)


def test_all_jobs_are_done_and_only_those_of_models_are_on_the_gpu_partition(run, cluster):
    jobs = cluster.jobs(run)
    assert {job["State"] for job in jobs} == {"COMPLETED"}
    places = {
        (job["Comment"].split("_")[1] in ("train", "models"), job["Partition"]) for job in jobs
    }
    assert places == {(True, "gpu"), (False, "cpu")}
    steps = re.search(r"(\d+) of \1 steps \(100%\) done", (run / "out.txt").read_text())
    assert len(jobs) < 0.7 * int(steps[1])  # short steps share a job


def test_the_work_is_done_under_slurm(run):
    local = set(re.findall(r"^localrule (\w+):", (run / "out.txt").read_text(), re.MULTILINE))
    seconds = pd.Series(
        {
            path: pd.read_csv(path, sep="\t")["s"].sum()
            for path in (run / "results" / "demo" / "benchmarks").rglob("*.tsv")
        }
    )
    here = [Path(path).relative_to(run).parts[3] in local for path in seconds.index]
    assert seconds[here].sum() < 0.2 * seconds.sum()
