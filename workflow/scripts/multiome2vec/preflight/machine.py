"""Checks of the machine: room on its disks, cores, memory, GPU."""

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from multiome2vec import gpu
from multiome2vec.downloads.units import spelt
from multiome2vec.preflight.findings import ERROR, INFO, OK, WARNING, Findings

LEAST = 1_000_000_000  # bytes that results of any size need
MARGIN = 1.5  # of a request over the need
CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def existing(path: str | Path) -> Path:
    """Return a folder, or the nearest one above it that is there."""
    path = Path(path).resolve()
    return next(folder for folder in (path, *path.parents) if folder.is_dir())


def check_room(
    folder: str, needed: int, findings: Findings, *, what: str, known: bool = True
) -> None:
    """Compare the free space of a folder's disk with what will be written.

    Parameters
    ----------
    folder
        It need not be there yet.
    needed
        Bytes.
    what
        What is written, for the message.
    known
        Whether the need is known, or a rough estimate of which only a warning is made.
    """
    place = existing(folder)
    free = shutil.disk_usage(place).free
    about = "" if known else "about "
    text = f"{what}: {about}{spelt(needed)} needed, {spelt(free)} free."
    if not os.access(place, os.W_OK):
        findings.add(
            ERROR, "disk", f"{place} may not be written to.", file=folder,
            remedy="Run Snakemake in a folder of your own (--directory).",
        )  # fmt: skip
    elif free < needed:
        findings.add(
            ERROR if known else WARNING, "disk", text, file=folder,
            remedy=f"Make room, or make {folder} a link to a larger disk.",
        )  # fmt: skip
    else:
        findings.add(OK, "disk", text, file=folder)


def check_temporary(folders: Iterable[str], findings: Findings) -> None:
    """Check that folders for temporary files are there, writable and not full."""
    for folder in dict.fromkeys(folders):
        remedy = "Set TMPDIR to a folder with room, or: snakemake --default-resources tmpdir=..."
        if not Path(folder).is_dir():
            findings.add(
                ERROR, "disk", f"The folder for temporary files {folder} does not exist.",
                file=folder, remedy=remedy,
            )  # fmt: skip
        elif not os.access(folder, os.W_OK):
            findings.add(
                ERROR, "disk", f"{folder} may not be written to.", file=folder, remedy=remedy
            )
        else:
            free = shutil.disk_usage(folder).free
            full = free < LEAST
            findings.add(
                WARNING if full else OK, "disk", f"Temporary files: {spelt(free)} free.",
                file=folder, remedy=remedy if full else "",
            )  # fmt: skip


def temporary_folders(of_snakemake: str | None) -> list[str]:
    """Folders that jobs write temporary files to: of Snakemake's setting and of the environment."""
    return [of_snakemake or tempfile.gettempdir(), os.environ.get("TMPDIR") or "/tmp"]


def memory() -> int:
    """Memory (bytes) of this machine, or what a container or a job may have of it."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for path in map(Path, CGROUPS):
        if path.is_file() and (text := path.read_text().strip()).isdigit():
            total = min(total, int(text))
    return total


def check_cores(asked: int | None, findings: Findings, *, cluster: bool) -> None:
    """Compare the cores given to Snakemake with those there are."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if cluster:
        findings.add(INFO, "machine", "Jobs run on the nodes of a cluster: their cores and memory "
                     "are not looked at here.")  # fmt: skip
    elif asked and asked > there:
        findings.add(
            WARNING, "machine", f"--cores is {asked}, but the machine gives {there}.",
            remedy=f"Jobs will share cores and slow each other down: use --cores {there}.",
        )  # fmt: skip
    else:
        findings.add(OK, "machine", f"{there} cores, {spelt(memory())} of memory")


def check_gpu(device: str, models: Iterable[str], findings: Findings, *, cluster: bool) -> None:
    """Say where models are trained.

    Parameters
    ----------
    device
        ``training.device``.
    models
        Those that are trained.
    """
    names = ", ".join(models)
    if not names:
        return
    if cluster:
        findings.add(INFO, "gpu", f"{names}: trained on a node of the GPU partition (profile).")
        return
    sees = _sees_gpu()
    if sees is None:
        findings.add(INFO, "gpu", f"{names}: torch is not in this environment to look for a GPU.")
    elif device == "cuda" and not sees:
        findings.add(
            ERROR, "gpu", "training.device is cuda, but torch sees no GPU.",
            remedy="Set it to auto, or install torch with CUDA (docs/models.md).",
        )  # fmt: skip
    elif device == "auto" and (unusable := gpu.unusable_gpu()):
        findings.add(ERROR, "gpu", f"{names}: {unusable}", remedy=gpu.REMEDY)
    elif device == "cpu" or not sees:
        why = "training.device is cpu" if device == "cpu" else "torch sees no GPU"
        findings.add(
            INFO, "gpu", f"{names}: trained on the CPU ({why}).",
            remedy="On large data, give them more cores: --set-threads train=8.",
        )  # fmt: skip
    else:
        findings.add(OK, "gpu", f"{names}: trained on the GPU ({sees})")


def _sees_gpu() -> str | None:
    """Name of the GPU that torch sees, empty if it sees none; None without torch."""
    if importlib.util.find_spec("torch") is None:
        return None
    import torch

    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else ""


def check_memory(needs: Mapping[str, float], findings: Findings) -> None:
    """Compare what rules are likely to need with the machine's memory.

    Parameters
    ----------
    needs
        Likely peak (MB) by rule.
    """
    total = memory() / 1e6
    for rule, need in needs.items():
        if need > total:
            findings.add(
                ERROR if need > 2 * total else WARNING, "memory",
                f"{rule} is likely to need {need / 1000:.0f} GB; the machine has "
                f"{total / 1000:.0f} GB.",
                remedy="Use a larger machine, or fewer cells for a trial (qc.max_cells).",
            )  # fmt: skip
    _largest(needs, findings)


def check_requests(
    needs: Mapping[str, float], findings: Findings, *, fixed: Mapping[str, float],
    most: float | None,
) -> None:  # fmt: skip
    """Compare what rules are likely to need with what they may ask a cluster for.

    Parameters
    ----------
    needs
        Likely peak (MB) by rule.
    fixed
        Requests (MB) that the user sets by rule, in place of those by the size of the data.
    most
        Memory (MB) that any job may ask for, or None.
    """
    for rule, need in needs.items():
        asked = min(fixed.get(rule, need), most or need)
        if need > asked:
            why = "resources" if most and asked == most else f"set-resources, {rule}"
            findings.add(
                WARNING, "memory",
                f"{rule} is likely to need {need / 1000:.0f} GB, and may ask for "
                f"{asked / 1000:.0f} GB.",
                remedy=f"In the profile ({why}): mem_mb: {MARGIN * need:.0f}",
            )  # fmt: skip
    _largest(needs, findings)


def _largest(needs: Mapping[str, float], findings: Findings) -> None:
    if needs:
        rule, need = max(needs.items(), key=lambda item: item[1])
        findings.add(OK, "memory", f"largest estimate: {rule}, {need / 1000:.1f} GB")
