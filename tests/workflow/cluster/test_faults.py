"""What befalls a run on SLURM; what the user has to type then; that nothing is lost."""

import os
import signal
import subprocess
import time

import pytest
from workflow.cluster.slurm import finish, start, wait_for
from workflow.contents import assert_same
from workflow.interrupted import (
    EMBEDDING,
    LONGER,
    MODEL,
    assert_as_undisturbed,
    doctor,
    epochs,
    resumed,
    training,
    untrained,
)


@pytest.fixture
def run(cluster, tiny, tmp_path):
    return untrained(tiny, tmp_path / "run")


@pytest.fixture
def trained_longer(run):
    """Start the longer training; returns a function that does so again."""
    return lambda: start(run, EMBEDDING, configs=(run / LONGER,))


def test_a_training_that_is_stopped_before_its_end_resumes(cluster, run, trained_longer, longer):
    process = trained_longer()
    job = cluster.await_job(run, "train", process)
    wait_for(lambda: epochs(run) >= 5, process)
    # what SLURM does at the time limit and before it gives the node to somebody else
    subprocess.run(["scancel", "--signal=TERM", job], check=True)
    finish(process, run)
    assert [job["State"] for job in cluster.jobs(run, rule="train")] == ["FAILED", "COMPLETED"]
    assert resumed(run)
    assert_as_undisturbed(run, longer)


def test_after_a_killed_snakemake_doctor_clears_the_way(cluster, run, trained_longer, longer):
    process = trained_longer()
    job = cluster.await_job(run, "train", process)
    wait_for(lambda: epochs(run) >= 5, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    training(run).suspend()  # so that it is not done before it is found
    found = doctor(run)
    assert found.returncode == 2
    assert f"{job} RUNNING train" in found.stdout
    assert "The directory is locked" in found.stdout
    repaired = doctor(run, "--repair")
    assert repaired.returncode == 0, repaired.stdout + repaired.stderr
    assert "Nothing is in the way of a run." in repaired.stdout
    assert f"{MODEL}: joint, after epoch" in repaired.stdout  # the training goes on from there
    assert [job["State"] for job in cluster.jobs(run, rule="train")] == ["CANCELLED"]
    finish(trained_longer(), run)
    assert resumed(run)
    assert_as_undisturbed(run, longer)


def test_a_cancelled_job_and_one_above_its_memory_are_sent_again(cluster, run, tiny):
    memory = "embed_cells:mem_mb=200*4**(attempt-1)"
    process = start(run, EMBEDDING, resources=(memory,))
    job = cluster.await_job(run, "train", process)
    subprocess.run(["scancel", job], check=True)
    finish(process, run)
    states = [job["State"] for job in cluster.jobs(run, rule="train")]
    assert states == ["CANCELLED", "COMPLETED"]
    embeds = cluster.jobs(run, rule="models")  # the group that it is in
    assert [job["State"] for job in embeds] == ["FAILED", "COMPLETED"]
    assert [job["MinMemory"] for job in embeds] == ["200M", "800M"]
    assert_same(run, tiny, ("embeddings/trivae/seed-0.h5ad",))


def test_killed_daemons_cost_nothing_once_they_are_back(cluster, run, trained_longer, longer):
    process = trained_longer()
    cluster.await_job(run, "train", process)
    for daemon in ("slurmd.gpu01", "slurmctld"):
        cluster.kill(daemon)
    time.sleep(5)
    cluster.up()
    finish(process, run)
    assert [job["State"] for job in cluster.jobs(run, rule="train")] == ["COMPLETED"]
    assert_as_undisturbed(run, longer)
