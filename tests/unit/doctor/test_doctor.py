"""Orphans, jobs of SLURM and locks: found, described, cleared away; what is alive is left alone."""

import subprocess
import sys
import time

import psutil
import pytest
from multiome2vec.cli import main
from multiome2vec.doctor.diagnosis import diagnose, repair
from multiome2vec.doctor.processes import end_processes, find_processes
from multiome2vec.doctor.report import describe
from multiome2vec.doctor.slurm import SlurmJob, cancel_slurm_jobs, find_slurm_jobs
from multiome2vec.errors import UserError

SLEEP = "import subprocess, sys, time; {body}time.sleep(60)"
CHILD = (
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); print(flush=True); "
)
#: squeue and scancel over a folder with a file per job
SQUEUE = """#!/bin/sh
for job in {folder}/*; do [ -e "$job" ] && cat "$job"; done
exit {code}
"""
SCANCEL = """#!/bin/sh
cd {folder} && rm -f "$@"
"""


@pytest.fixture
def directory(tmp_path):
    """Return a directory in which a run was killed: locked, an orphan's script beside it."""
    run = tmp_path / "run"
    (run / ".snakemake" / "locks").mkdir(parents=True)
    (run / ".snakemake" / "locks" / "0.output.lock").write_text("results/a\n")
    (run / ".snakemake" / "scripts").mkdir()
    return run


@pytest.fixture
def started(directory):
    """Start processes in the directory; they are ended after the test."""
    processes = []

    def start(name, body="", cwd=directory, arguments=()):
        script = directory / name
        script.write_text(SLEEP.format(body=body))
        command = [sys.executable, str(script), *arguments]
        process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE)
        processes.append(process)
        wait_until(lambda: str(script) in psutil.Process(process.pid).cmdline())  # after its exec
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Stand-ins for SLURM's commands; returns a function that queues a job."""
    queue, commands = tmp_path / "queue", tmp_path / "commands"
    queue.mkdir()
    commands.mkdir()
    for name, text in {"squeue": SQUEUE, "scancel": SCANCEL}.items():
        (commands / name).write_text(text.format(folder=queue, code=0))
        (commands / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{commands}:/usr/bin:/bin")

    def submit(number, comment, log, folder="/elsewhere"):
        log.parent.mkdir(parents=True, exist_ok=True)
        row = f"{number:<30}{'RUNNING':<20}{comment:<200}{folder!s:<500}{log!s:<500}\n"
        (queue / str(number)).write_text(row)

    return submit


def test_orphans_are_told_from_jobs_that_snakemake_waits_for(directory, started, tmp_path):
    orphan = started(".snakemake/scripts/tmpab12.train.py")
    elsewhere = started(".snakemake/scripts/tmpcd34.train.py", cwd=tmp_path)
    editor = started("notebook.py")
    command = started("impute.py", arguments=("--model", "model", "set -euo pipefail"))
    leaders, orphans = find_processes(directory)
    assert (leaders, [one.pid for one in orphans]) == ([], [orphan.pid])
    assert orphans[0].what == "train.py"
    assert elsewhere.poll() is None
    assert editor.poll() is None
    assert command.poll() is None
    job = directory / ".snakemake/scripts/x.embed.py"
    job.write_text(SLEEP.format(body=""))
    start_job = f"subprocess.Popen([sys.executable, {str(job)!r}]); "
    leader = started("snakemake", body=start_job + "print(flush=True); ")
    leader.stdout.readline()
    wait_until(lambda: len(psutil.Process(leader.pid).children()) == 1)
    leaders, orphans = find_processes(directory)
    assert [one.pid for one in leaders] == [leader.pid]
    assert [one.pid for one in orphans] == [orphan.pid]
    assert leaders[0].what == "snakemake"
    end_processes(leaders)


def test_orphans_end_with_all_that_they_started_even_if_they_ignore_signals(directory, started):
    body = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + CHILD
    stubborn = started(".snakemake/scripts/t.train.py", body=body)
    stubborn.stdout.readline()
    child = psutil.Process(stubborn.pid).children()[0]
    end_processes(find_processes(directory)[1], grace=1)
    assert stubborn.poll() is not None
    wait_until(lambda: not child.is_running())


def test_slurm_jobs_of_this_directory_alone_are_found_and_cancelled(directory, slurm, tmp_path):
    slurm(7, "rule_train_wildcards_demo_trivae_0", directory / ".snakemake/slurm_logs/t/%j.log")
    slurm(8, "rule_train", tmp_path / "other" / ".snakemake/slurm_logs/t/%j.log")
    job = SlurmJob("7", "RUNNING", "train demo_trivae_0")
    assert find_slurm_jobs(directory) == ([job], [])
    cancel_slurm_jobs(directory, [job])
    assert find_slurm_jobs(directory) == ([], [])
    assert [one.number for one in find_slurm_jobs(tmp_path / "other")[0]] == ["8"]


def test_a_snakemake_that_is_itself_a_slurm_job_is_left_alone(directory, slurm):
    slurm(7, "rule_train", directory / ".snakemake/slurm_logs/t/%j.log")
    slurm(6, "", directory / "slurm-6.out", folder=directory)
    found = diagnose(directory)
    assert found.running
    assert "Other SLURM jobs submitted here" in describe(found)
    with pytest.raises(UserError, match="SLURM job 6 was submitted"):
        repair(found)
    assert found.locked
    assert [job.number for job in diagnose(directory).slurm] == ["7"]


def test_silence_of_slurm_is_an_error_where_something_was_submitted(
    directory, slurm, monkeypatch, tmp_path
):
    assert find_slurm_jobs(directory) == ([], [])  # nothing was submitted from here
    (directory / ".snakemake" / "slurm_logs").mkdir()
    script = tmp_path / "commands" / "squeue"
    script.write_text("#!/bin/sh\necho 'Unable to contact slurm controller' >&2; exit 1\n")
    with pytest.raises(UserError, match="Unable to contact slurm controller"):
        find_slurm_jobs(directory)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="squeue is not on the PATH"):
        find_slurm_jobs(directory)


def test_repair_leaves_a_directory_in_which_a_run_can_start(directory, started, slurm):
    orphan = started(".snakemake/scripts/tmpab12.train.py")
    slurm(7, "rule_embed_cells", directory / ".snakemake/slurm_logs/e/%j.log")
    (directory / "results").mkdir()
    for name in (".0a1b2c3d.partial.x.tsv", ".0a1b2c3d.partial.x.zarr/0"):
        (directory / "results" / name).parent.mkdir(exist_ok=True)
        (directory / "results" / name).write_text("cut")
    found = diagnose(directory)
    text = describe(found)
    for part in (f"{orphan.pid} train.py", "7 RUNNING embed_cells", "locked", "partial.x.tsv"):
        assert part in text
    assert not found.sound
    repair(found)
    after = diagnose(directory)
    assert after.sound
    assert orphan.poll() is not None
    assert "Nothing is in the way of a run." in describe(after)
    assert list((directory / "results").iterdir()) == []


def test_a_run_at_work_is_left_alone(directory, started):
    leader = started("snakemake")
    found = diagnose(directory)
    assert found.running
    assert "nothing to repair" in describe(found)
    with pytest.raises(UserError, match=f"kill -INT {leader.pid}"):
        repair(found)
    assert leader.poll() is None
    assert found.locked


def test_a_directory_without_a_workflow_is_named(tmp_path, capsys):
    assert main(["doctor", "--directory", str(tmp_path)]) == 2
    assert f"No workflow has run in {tmp_path}" in capsys.readouterr().err


def wait_until(true, seconds=10):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)
