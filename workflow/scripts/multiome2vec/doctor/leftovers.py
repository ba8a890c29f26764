"""Files that an interrupted run left in a directory."""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

#: names that :func:`multiome2vec.io.atomic.atomic_path` gives to what is being written
PARTIAL = re.compile(r"\.[0-9a-f]{8}\.partial\.")
FOLDERS = ("results", "resources", "logs")


@dataclass(frozen=True)
class Training:
    """A training that can be resumed: its folder, its stage, and the epochs this has had."""

    folder: str
    stage: str
    epochs: int


def is_locked(directory: Path) -> bool:
    """Whether a run has locked the directory and not unlocked it."""
    return any((directory / ".snakemake" / "locks").glob("*.lock"))


def incomplete_outputs(directory: Path) -> list[str]:
    """List outputs that exist and whose job did not end; Snakemake will make them anew.

    Snakemake keeps a file for each in ``.snakemake/incomplete``, named by the base64 of the path;
    long names are cut into folders whose names begin with @.
    """
    top = directory / ".snakemake" / "incomplete"
    marks = (path for path in top.rglob("*") if path.is_file())
    names = ("".join(part.lstrip("@") for part in path.relative_to(top).parts) for path in marks)
    paths = [urlsafe_b64decode(name.encode()).decode() for name in names if _is_base64(name)]
    return sorted(path for path in paths if (directory / path).exists())


def partial_files(directory: Path) -> list[Path]:
    """List temporary files and folders of writers that were killed."""
    found = (path for name in FOLDERS for path in (directory / name).rglob(".*.partial.*"))
    partial = [path for path in found if PARTIAL.match(path.name)]
    inside = {path for path in partial if any(parent in partial for parent in path.parents)}
    return sorted(set(partial) - inside)


def unfinished_trainings(directory: Path) -> list[Training]:
    """List trainings that were interrupted and go on where they were."""
    states = (directory / "results").glob("*/models/*/seed-*/checkpoint/*/state.json")
    found = []
    for path in sorted(states):
        try:
            epochs = len(json.loads(path.read_text())["common"]["history"])
        except FileNotFoundError:  # the training has just ended
            continue
        folder = str(path.parents[2].relative_to(directory))
        found.append(Training(folder, path.parent.name, epochs))
    return found


def size(paths: Iterable[Path]) -> int:
    """Sum the bytes of files and of all in folders."""
    total = 0
    for path in paths:
        for file in [path] if path.is_file() else path.rglob("*"):
            try:
                total += file.stat().st_size if file.is_file() else 0
            except FileNotFoundError:  # renamed since
                continue
    return total


def _is_base64(name: str) -> bool:
    return len(name) % 4 == 0 and re.fullmatch(r"[A-Za-z0-9_=-]+", name) is not None
