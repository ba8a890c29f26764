"""What is the matter in a directory where a run was interrupted, and its repair."""

import logging
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from multiome2vec.doctor.leftovers import (
    Training,
    incomplete_outputs,
    is_locked,
    partial_files,
    unfinished_trainings,
)
from multiome2vec.doctor.processes import Found, end_processes, find_processes
from multiome2vec.doctor.slurm import SlurmJob, cancel_slurm_jobs, find_slurm_jobs
from multiome2vec.errors import UserError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Diagnosis:
    """What was found in a directory.

    Attributes
    ----------
    directory
        Working directory of the workflow, absolute.
    snakemake
        Runs at work in it, on this machine.
    orphans
        Processes of jobs whose Snakemake is gone.
    slurm
        Jobs in SLURM's queue that Snakemake submitted.
    heads
        Other jobs submitted there: one may be the Snakemake of the former.
    locked
        Whether a run has locked the directory.
    incomplete
        Outputs of jobs that did not end.
    partial
        Temporary files of writers that were killed, or that are being written.
    trainings
        Trainings that will be resumed.
    """

    directory: Path
    snakemake: list[Found]
    orphans: list[Found]
    slurm: list[SlurmJob]
    heads: list[SlurmJob]
    locked: bool
    incomplete: list[str]
    partial: list[Path]
    trainings: list[Training]

    @property
    def running(self) -> bool:
        """Whether a run is going on, or may be, in which case nothing is amiss."""
        return bool(self.snakemake or self.heads)

    @property
    def sound(self) -> bool:
        """Whether a run can be started as things are.

        Incomplete outputs and trainings need nothing: Snakemake makes them anew or resumes them.
        """
        return not (self.running or self.orphans or self.slurm or self.locked or self.partial)


def diagnose(directory: str | Path) -> Diagnosis:
    """Look at a directory; nothing is changed.

    Raises
    ------
    UserError
        If no workflow has run there, or SLURM does not answer.
    """
    directory = Path(directory).resolve()
    if not (directory / ".snakemake").is_dir():
        raise UserError(
            f"No workflow has run in {directory}: it has no folder .snakemake.",
            remedy="Call doctor where you call snakemake, or name that directory with --directory.",
        )
    slurm, heads = find_slurm_jobs(directory)
    snakemake, orphans = find_processes(directory, slurm_jobs={job.number for job in slurm})
    return Diagnosis(
        directory=directory,
        snakemake=snakemake,
        orphans=orphans,
        slurm=slurm,
        heads=heads,
        locked=is_locked(directory),
        incomplete=incomplete_outputs(directory),
        partial=partial_files(directory),
        trainings=unfinished_trainings(directory),
    )


def repair(found: Diagnosis) -> None:
    """End what still writes there, unlock the directory, delete temporary files.

    Raises
    ------
    UserError
        If a Snakemake is at work there, or a job cannot be ended.
    """
    if found.heads:
        numbers = ", ".join(job.number for job in found.heads)
        raise UserError(
            f"SLURM job {numbers} was submitted in {found.directory} and may be its Snakemake.",
            remedy="Wait for it, or cancel it (scancel); then run doctor.",
        )
    if found.running:
        pids = ", ".join(str(process.pid) for process in found.snakemake)
        raise UserError(
            f"Snakemake is at work in {found.directory} (process {pids}).",
            remedy=f"Wait for it, or stop it (kill -INT {pids.replace(',', '')}); then run doctor.",
        )
    cancel_slurm_jobs(found.directory, found.slurm)
    end_processes(found.orphans)
    for lock in (found.directory / ".snakemake" / "locks").glob("*.lock"):
        lock.unlink()
    for path in partial_files(found.directory):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def dry_run(directory: Path, arguments: Sequence[str]) -> str:
    """Return which rules Snakemake would run there, and why.

    Parameters
    ----------
    arguments
        Of Snakemake, as given for the run.

    Raises
    ------
    UserError
        If Snakemake cannot tell.
    """
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--rerun-incomplete"]
    done = subprocess.run(
        [*command, *arguments, "--quiet", "rules"],  # last: it takes all that follows
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise UserError(
            f"Snakemake cannot tell what it would do:\n{done.stderr.strip()[-2000:]}\n",
            remedy="Give its own options after --, as for the run: doctor -- --configfile FILE.",
        )
    _, jobs, rest = (done.stdout + done.stderr).rpartition("\nJob stats:\n")
    return (
        re.split(r"\n(?=Some jobs were triggered|This was a dry-run)", rest)[0]
        if jobs
        else "nothing"
    )
