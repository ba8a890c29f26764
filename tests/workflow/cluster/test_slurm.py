"""The tiny run by ``snakemake --profile profiles/slurm`` on a real SLURM."""

import re
from pathlib import Path

import pandas as pd
import pytest
from workflow.cluster.slurm import finish, start
from workflow.contents import assert_same

GPU_RULES = {"train", "embed_cells", "impute", "predict", "match"}


@pytest.fixture(scope="module")
def run(cluster, tmp_path_factory):
    """Directory of the finished run."""
    directory = tmp_path_factory.mktemp("slurm")
    finish(start(directory), directory)
    return directory


def test_results_are_those_of_the_local_run(run, tiny):
    assert_same(run, tiny)


def test_all_jobs_are_done_and_only_gpu_jobs_are_on_the_gpu_partition(run, cluster):
    jobs = cluster.jobs(run)
    assert {job["State"] for job in jobs} == {"COMPLETED"}
    by_partition = {
        name: {rule_of(job) for job in jobs if job["Partition"] == name} for name in ("cpu", "gpu")
    }
    assert by_partition["gpu"] == GPU_RULES
    assert not by_partition["cpu"] & GPU_RULES
    assert by_partition["cpu"]


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


def rule_of(job):
    return re.sub(r"_wildcards_.*", "", job["Comment"]).removeprefix("rule_")
