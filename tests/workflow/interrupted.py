"""A training to interrupt: long enough to be caught in the middle."""

import shutil
import subprocess
import sys
from pathlib import Path

import psutil
from workflow.contents import assert_same
from workflow.runner import CONFIGS, ROOT

TINY = CONFIGS / "tiny.yaml"
EMBEDDING = "results/demo/embeddings/trivae/seed-0.h5ad"
MODEL = "results/demo/models/trivae/seed-0"
METRICS = "logs/train/demo.trivae.0.jsonl"
OUTPUTS = {"weights.safetensors", "card.json", "history.tsv", "splits.tsv"}
LONGER = "longer.yaml"


def untrained(run: Path, to: Path) -> Path:
    """Copy a run without its model and the embedding by it; settings for a longer training."""
    shutil.copytree(run, to, ignore=shutil.ignore_patterns("locks", "models", "trivae"))
    (to / METRICS).unlink(missing_ok=True)
    (to / LONGER).write_text("models: {trivae: {max_epochs: 120, patience: 120}}\n")
    return to


def epochs(run: Path) -> int:
    """Epochs that the training has had."""
    return len((run / METRICS).read_text().splitlines()) if (run / METRICS).exists() else 0


def resumed(run: Path) -> bool:
    """Whether the training went on from a state on disk."""
    return "Resumed from" in (run / "logs/train/demo.trivae.0.log").read_text()


def training(run: Path) -> psutil.Process:
    """Process of the job that trains."""
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(run) and "train.py" in " ".join(process.cmdline()[:2]):
                return process
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    raise AssertionError("No training is running.")


def doctor(run: Path, *options: str) -> subprocess.CompletedProcess:
    """Call doctor on a run of the longer training."""
    command = [sys.executable, "-m", "multiome2vec", "doctor", *options, "--", EMBEDDING]
    command += ["--snakefile", str(ROOT / "Snakefile"), "--configfile", str(TINY), LONGER]
    return subprocess.run(
        command, cwd=run, capture_output=True, text=True, timeout=300, check=False
    )


def assert_as_undisturbed(run: Path, longer: Path) -> None:
    """Embedding and model are those of the training that nothing interrupted."""
    assert_same(run, longer, ("embeddings/trivae/seed-0.h5ad",))
    for name in OUTPUTS:
        assert (run / MODEL / name).read_bytes() == (longer / MODEL / name).read_bytes()
    assert {path.name for path in (run / MODEL).iterdir()} == OUTPUTS
