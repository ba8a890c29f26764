"""A diagnosis in words."""

import shutil
import socket
from collections.abc import Iterable

from multiome2vec.doctor.diagnosis import Diagnosis
from multiome2vec.doctor.leftovers import size

SHOWN = 8  # lines of a long list


def describe(found: Diagnosis) -> str:
    """Return the findings, a paragraph each, and what to do."""
    blocks = [
        [f"Directory: {found.directory}", f"Machine:   {socket.gethostname()}, {_room(found)}"],
        _listed(
            "Snakemake is at work here (on other machines doctor cannot see)",
            (_process(one) for one in found.snakemake),
        ),
        _listed(
            "Orphans: jobs on this machine whose Snakemake is gone; they may still write",
            (_process(one) for one in found.orphans),
        ),
        _listed(
            "SLURM jobs of this directory"
            + ("" if found.running else "; no Snakemake here waits for them"),
            (f"{job.number} {job.state} {job.what}" for job in found.slurm),
        ),
        _listed(
            "Other SLURM jobs submitted here; one of them may be Snakemake",
            (f"{job.number} {job.state}" for job in found.heads),
        ),
        ["The directory is locked by a run that has not ended."] if _stale_lock(found) else [],
        _listed("Outputs of jobs that did not end; they will be made anew", found.incomplete),
        _listed(
            f"Temporary files ({size(found.partial) / 1e6:,.1f} MB)",
            (str(path.relative_to(found.directory)) for path in found.partial),
        ),
        _listed(
            "Trainings that will be resumed",
            (f"{one.folder}: {one.stage}, after epoch {one.epochs}" for one in found.trainings),
        ),
        [_advice(found)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _advice(found: Diagnosis) -> str:
    if found.running:
        return "A run is going on: nothing to repair."
    if found.sound:
        return "Nothing is in the way of a run."
    return (
        "Repair it with `python -m multiome2vec doctor --repair`, which ends these jobs, unlocks\n"
        "the directory and deletes the temporary files; but not while a Snakemake on another\n"
        "machine is at work in this directory."
    )


def _stale_lock(found: Diagnosis) -> bool:
    return found.locked and not found.running


def _room(found: Diagnosis) -> str:
    usage = shutil.disk_usage(found.directory)
    return f"{usage.free / 1e9:,.1f} of {usage.total / 1e9:,.1f} GB free"


def _process(one) -> str:
    return f"{one.pid} {one.what}, for {one.seconds:,.0f} s"


def _listed(title: str, lines: Iterable[str]) -> list[str]:
    """Title and lines; nothing without lines, the first few of many."""
    lines = list(lines)
    if not lines:
        return []
    more = [f"  and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return [f"{title}:", *(f"  {line}" for line in lines[:SHOWN]), *more]
