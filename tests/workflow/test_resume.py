"""A training that is interrupted in the workflow goes on where it was, and gives the same bits."""

import os
import signal
import subprocess
import sys
import time

import pytest
from workflow.interrupted import (
    EMBEDDING,
    LONGER,
    MODEL,
    TINY,
    assert_as_undisturbed,
    doctor,
    epochs,
    resumed,
    training,
    untrained,
)
from workflow.runner import ROOT


@pytest.fixture
def run(tiny, tmp_path):
    return untrained(tiny, tmp_path / "run")


def start(run) -> subprocess.Popen:
    """Start to train the model; a state is written after every epoch."""
    command = [
        sys.executable, "-m", "snakemake", EMBEDDING, "--cores", "1",
        "--snakefile", str(ROOT / "Snakefile"), "--set-resources", "train:checkpoint_minutes=0",
        "--configfile", str(TINY), LONGER,
    ]  # fmt: skip
    with open(run / "out.txt", "a") as out:
        return subprocess.Popen(
            command, cwd=run, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )


def started(run) -> subprocess.Popen:
    """Start to train the model and wait for some epochs."""
    process = start(run)
    while epochs(run) < 5:
        assert process.poll() is None, (run / "out.txt").read_text()
        time.sleep(0.1)
    return process


def assert_the_same_command_again_resumes(run, longer):
    assert start(run).wait() == 0, (run / "out.txt").read_text()
    assert resumed(run)
    assert_as_undisturbed(run, longer)


def test_ctrl_c(run, longer):
    process = started(run)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait() != 0
    assert [path.name for path in (run / MODEL).iterdir()] == ["checkpoint"]
    assert "run the same command again to resume" in (run / "out.txt").read_text()
    assert_the_same_command_again_resumes(run, longer)


def test_killed_job(run, longer):
    process = started(run)
    training(run).kill()
    assert process.wait() != 0
    assert [path.name for path in (run / MODEL).iterdir()] == ["checkpoint"]
    assert_the_same_command_again_resumes(run, longer)


def test_killed_snakemake_whose_job_lives_on(run, longer):
    process = started(run)
    orphan = training(run)
    process.kill()
    process.wait()
    orphan.suspend()  # so that it is not done before it is found
    assert start(run).wait() != 0  # locked
    found = doctor(run)
    assert found.returncode == 2
    assert f"{orphan.pid} train.py" in found.stdout
    assert "The directory is locked" in found.stdout
    repaired = doctor(run, "--repair")
    assert repaired.returncode == 0, repaired.stdout + repaired.stderr
    assert not orphan.is_running()
    assert f"{MODEL}: joint, after epoch" in repaired.stdout
    assert "embed_cells" in repaired.stdout.partition("What will run:")[2]
    assert_the_same_command_again_resumes(run, longer)
