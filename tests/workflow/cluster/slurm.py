"""The SLURM that slurm.sh makes, and Snakemake on it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from workflow.runner import CONFIGS, ROOT

STATE = Path("/var/lib/multiome2vec-slurm")
SCRIPT = Path(__file__).with_name("slurm.sh")
#: what differs from a site: no accounting to ask, small nodes, and jobs that end soon
OPTIONS = [
    "--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "1",
    "--slurm-no-account", "--latency-wait", "5", "--cores", "4",
]  # fmt: skip
GPU_RULES = ("train", "embed_cells", "impute", "predict", "match")
#: the GPUs are none, so the jobs that have one are told to leave it alone
DEVICES = [f"{rule}:device=cpu" for rule in GPU_RULES]


class Cluster:
    """SLURM on this machine."""

    def up(self) -> None:
        """Start all of it that is not running; install it where it is missing."""
        done = subprocess.run(
            ["bash", str(SCRIPT), "up"], capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr

    def down(self) -> None:
        """End its daemons."""
        subprocess.run(["bash", str(SCRIPT), "down"], timeout=60, check=True)

    def kill(self, daemon: str) -> None:
        """End a daemon without warning."""
        os.kill(int((STATE / f"{daemon}.pid").read_text()), signal.SIGKILL)

    def jobs(self, directory: Path, *, rule: str = "") -> list[dict[str, str]]:
        """Jobs of a rule whose logs are in a directory, the ended ones as well."""
        fields = (
            "JobID:20",
            "State:20",
            "Partition:20",
            "MinMemory:20",
            "Comment:100",
            "StdOut:400",
        )
        done = subprocess.run(
            ["squeue", "--states=all", "--noheader", "--Format", ",".join(fields)],
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        names = [field.split(":")[0] for field in fields]
        rows = [dict(zip(names, line.split(), strict=True)) for line in done.stdout.splitlines()]
        return [
            row
            for row in sorted(rows, key=lambda row: int(row["JobID"]))
            if row["StdOut"].startswith(f"{directory}/") and f"rule_{rule}" in row["Comment"]
        ]

    def await_job(self, directory: Path, rule: str, process: subprocess.Popen) -> str:
        """Number of the job of a rule, once it runs."""
        return wait_for(
            lambda: next(
                (
                    job["JobID"]
                    for job in self.jobs(directory, rule=rule)
                    if job["State"] == "RUNNING"
                ),
                "",
            ),
            process,
        )


def start(
    directory: Path, *targets: str, configs: tuple[Path, ...] = (), resources: tuple[str, ...] = ()
) -> subprocess.Popen:
    """Start Snakemake with profiles/slurm on the tiny dataset; it prints to out.txt."""
    command = [
        sys.executable, "-m", "snakemake", *targets, "--snakefile", str(ROOT / "Snakefile"),
        "--directory", str(directory), "--profile", str(ROOT / "profiles" / "slurm"), *OPTIONS,
        "--configfile", str(CONFIGS / "tiny.yaml"), *map(str, configs),
        "--set-resources", *DEVICES, *resources,
    ]  # fmt: skip
    with open(directory / "out.txt", "a") as out:
        return subprocess.Popen(
            command, cwd=directory, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )


def finish(process: subprocess.Popen, directory: Path, *, seconds: float = 900) -> str:
    """Wait until Snakemake has done all; return what it printed."""
    try:
        code = process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:  # SIGTERM would only make it wait for its jobs
        os.killpg(process.pid, signal.SIGKILL)
        raise
    text = (directory / "out.txt").read_text()
    assert code == 0, text[-8000:]
    return text


def wait_for(true: Callable, process: subprocess.Popen, *, seconds: float = 180):
    """Return what ``true()`` gives, once that is something, while a process is running."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert process.poll() is None, "Snakemake ended before that."
        assert time.monotonic() < end, "That has not come to pass."
        time.sleep(0.3)
    return found
