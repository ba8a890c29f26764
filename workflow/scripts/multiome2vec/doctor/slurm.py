"""Jobs of this user in SLURM that a Snakemake in a directory submitted."""

import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from multiome2vec.errors import UserError

FIELDS = "JobID:30,State:20,Comment:200,StdOut:500"
WIDTHS = (30, 20, 200, 500)
PATIENCE = 120.0  # seconds that cancelled jobs have to leave the queue


@dataclass(frozen=True)
class SlurmJob:
    """A job in the queue.

    Attributes
    ----------
    number, state
        As SLURM has them.
    what
        Rule and wildcards.
    """

    number: str
    state: str
    what: str


def find_slurm_jobs(directory: Path) -> list[SlurmJob]:
    """Find the jobs whose log lies in the directory's ``.snakemake/slurm_logs``.

    Parameters
    ----------
    directory
        Working directory of the workflow, absolute.

    Returns
    -------
    list of SlurmJob
        Jobs that wait or run; none where there is no SLURM.

    Raises
    ------
    UserError
        If SLURM does not answer.
    """
    if shutil.which("squeue") is None:
        return []
    rows = _call("squeue", "--me", "--noheader", "--Format", FIELDS).splitlines()
    logs = str(directory / ".snakemake" / "slurm_logs") + "/"
    cells = [_cells(row) for row in rows]
    return [
        SlurmJob(number, state, comment.removeprefix("rule_").replace("_wildcards_", " "))
        for number, state, comment, log in cells
        if log.startswith(logs)
    ]


def cancel_slurm_jobs(directory: Path, jobs: Sequence[SlurmJob]) -> None:
    """Cancel jobs and wait until they have left the queue.

    Raises
    ------
    UserError
        If SLURM refuses, or a job does not go away.
    """
    if not jobs:
        return
    _call("scancel", *(job.number for job in jobs))
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        left = find_slurm_jobs(directory)
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
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise UserError(
            f"`{command[0]}` failed: {done.stderr.strip()}",
            remedy="Without SLURM's answer it is not known whether jobs still write here.",
        )
    return done.stdout
