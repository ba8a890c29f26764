"""Jobs of this user in SLURM that a Snakemake in a directory submitted."""

import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from multiome2vec.errors import UserError

FIELDS = "JobID:30,State:20,Comment:200,WorkDir:500,StdOut:500"
WIDTHS = (30, 20, 200, 500, 500)
PATIENCE = 120.0  # seconds that cancelled jobs have to leave the queue


@dataclass(frozen=True)
class SlurmJob:
    """A job in the queue.

    Attributes
    ----------
    number, state
        As SLURM has them.
    what
        Rule and wildcards; empty for a job that Snakemake did not submit.
    """

    number: str
    state: str
    what: str


def find_slurm_jobs(directory: Path) -> tuple[list[SlurmJob], list[SlurmJob]]:
    """Find this user's jobs that work in a directory.

    Parameters
    ----------
    directory
        Working directory of the workflow, absolute.

    Returns
    -------
    tuple of list of SlurmJob
        Jobs that wait or run: those that Snakemake submitted, whose log lies in the directory's
        ``.snakemake/slurm_logs``; other jobs submitted there, one of which may be a Snakemake.
        None where nothing was submitted.

    Raises
    ------
    UserError
        If SLURM does not answer.
    """
    logs = directory / ".snakemake" / "slurm_logs"
    if not logs.is_dir():
        return [], []
    if shutil.which("squeue") is None:
        raise UserError(
            f"Jobs were submitted to SLURM from {directory}, and squeue is not on the PATH.",
            remedy="Call doctor where jobs are submitted.",
        )
    rows = _call("squeue", "--me", "--noheader", "--Format", FIELDS).splitlines()
    jobs, others = [], []
    for number, state, comment, folder, log in map(_cells, rows):
        if log.startswith(f"{logs}/"):
            what = comment.removeprefix("rule_").replace("_wildcards_", " ")
            jobs.append(SlurmJob(number, state, what))
        elif folder == str(directory):
            others.append(SlurmJob(number, state, ""))
    return jobs, others


def cancel_slurm_jobs(directory: Path, jobs: Sequence[SlurmJob]) -> None:
    """Cancel jobs and wait until they have left the queue.

    Raises
    ------
    UserError
        If a job does not go away.
    """
    if not jobs:
        return
    _run("scancel", *(job.number for job in jobs))  # fails where one has ended since
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        left, _ = find_slurm_jobs(directory)
        if not left:
            return
        time.sleep(1)
    raise UserError(
        f"SLURM jobs {', '.join(job.number for job in left)}, cancelled {PATIENCE:.0f} s ago, are "
        "still in the queue.",
        remedy="Wait until `squeue --me` shows them no more, and run doctor again.",
    )


def _cells(row: str) -> list[str]:
    """Cut a row of fixed widths."""
    ends = [sum(WIDTHS[: number + 1]) for number in range(len(WIDTHS))]
    return [row[end - width : end].strip() for width, end in zip(WIDTHS, ends, strict=True)]


def _call(*command: str) -> str:
    done = _run(*command)
    if done.returncode:
        raise UserError(
            f"`{command[0]}` failed: {done.stderr.strip()}",
            remedy="Without SLURM's answer it is not known whether jobs still write here.",
        )
    return done.stdout


def _run(*command: str) -> subprocess.CompletedProcess:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except subprocess.TimeoutExpired:
        raise UserError(
            f"`{command[0]}` did not answer within a minute.",
            remedy="Run doctor again when SLURM does.",
        ) from None
