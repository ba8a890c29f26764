"""Processes of this user that Snakemake started in a directory, on this machine."""

import logging
import os
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import psutil

logger = logging.getLogger(__name__)

GRACE = 30.0  # seconds between SIGTERM, at which a training saves its state, and SIGKILL


@dataclass(frozen=True)
class Found:
    """A process.

    Attributes
    ----------
    pid
        Its number.
    what
        Its script or program.
    seconds
        How long it has been running.
    """

    pid: int
    what: str
    seconds: float


def find_processes(
    directory: Path, *, slurm_jobs: Collection[str] = ()
) -> tuple[list[Found], list[Found]]:
    """Find Snakemake and orphaned jobs at work in a directory.

    Parameters
    ----------
    directory
        Working directory of the workflow.
    slurm_jobs
        Numbers of SLURM jobs whose processes are not counted: they end with their job.

    Returns
    -------
    tuple of list of Found
        Snakemake processes; processes of jobs that no Snakemake waits for any more.
    """
    here = _at_work_in(directory)
    leaders = [process for process in here if _is_snakemake(process)]
    pids = {process.pid for process in leaders}
    jobs = [process for process in here if process not in leaders and _is_job(process)]
    own = {parent.pid for parent in _parents(psutil.Process())}
    orphans = [
        process
        for process in jobs
        if process.pid not in own
        and not pids & {parent.pid for parent in _parents(process)}
        and _slurm_job(process) not in slurm_jobs
    ]
    return [_found(process) for process in leaders], [_found(process) for process in orphans]


def end_processes(found: Collection[Found], *, grace: float = GRACE) -> None:
    """End processes and all that they started: SIGTERM, and after a while SIGKILL.

    Parameters
    ----------
    found
        Processes that :func:`find_processes` found.
    grace
        Seconds for them to end in.
    """
    family: dict[int, psutil.Process] = {}
    for one in found:
        try:
            process = psutil.Process(one.pid)
            family |= {
                member.pid: member for member in [process, *process.children(recursive=True)]
            }
        except psutil.NoSuchProcess:
            continue
    for process in family.values():
        _send(process, process.terminate)
        _send(process, process.resume)  # one that was suspended (Ctrl-Z) hears nothing else
    _, alive = psutil.wait_procs(family.values(), timeout=grace)
    for process in alive:
        logger.warning("Process %d did not end in %.0f s and is killed.", process.pid, grace)
        _send(process, process.kill)
    psutil.wait_procs(alive, timeout=grace)


def _at_work_in(directory: Path) -> list[psutil.Process]:
    """Find processes of this user whose working directory it is, but for this one."""
    found, user = [], os.getuid()
    for process in psutil.process_iter():
        try:
            mine = process.uids().real == user and process.pid != os.getpid()
            if mine and Path(process.cwd()) == directory:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue  # gone by now, or not to be looked into
    return found


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return []


def _is_snakemake(process: psutil.Process) -> bool:
    """Whether it is a Snakemake that a user started, and not one inside a cluster's job."""
    command = _command(process)
    return "--mode" not in command and any(
        Path(word).name == "snakemake" or word.endswith("snakemake/__main__.py")
        for word in command[:4]
    )


def _is_job(process: psutil.Process) -> bool:
    """Whether it is a rule's script, or a Snakemake inside a cluster's job."""
    command = _command(process)
    inside = "--mode" in command and any(Path(word).name == "snakemake" for word in command)
    return inside or any(".snakemake/scripts/" in word for word in command)


def _parents(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.parents()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return []


def _slurm_job(process: psutil.Process) -> str:
    try:
        return process.environ().get("SLURM_JOB_ID", "")
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return ""


def _found(process: psutil.Process) -> Found:
    """Name a process by its script, else its program."""
    words = _command(process)
    scripts = [
        Path(word).name for word in words if ".snakemake/scripts/" in word and " " not in word
    ]
    program = "snakemake" if _is_snakemake(process) else Path((words or ["?"])[0]).name
    what = ".".join(scripts[0].split(".")[1:]) if scripts else program
    return Found(process.pid, what, time.time() - process.create_time())


def _send(process: psutil.Process, signal) -> None:
    try:
        signal()
    except psutil.NoSuchProcess:
        return
