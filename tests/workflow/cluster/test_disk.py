"""A disk that fills up in the middle of a run."""

import shutil
import subprocess

import pytest
from workflow.contents import assert_same
from workflow.interrupted import EMBEDDING, MODEL, TINY, untrained
from workflow.runner import run_all, snakemake

MEGABYTES = 300


@pytest.fixture
def run(tiny, tmp_path):
    """Copy of the tiny run, without its model, on a small disk."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(disk)], check=True
    )
    try:
        yield untrained(tiny, disk / "run")
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(run, *, leave):
    """Take all of the disk but so many bytes."""
    filler = run.parent / "filler"
    with open(filler, "wb") as file:
        left = shutil.disk_usage(run).free - leave
        while left > 0:
            file.write(b"0" * min(left, 1 << 20))
            left -= 1 << 20
    return filler


@pytest.mark.parametrize("leave", [0, 200_000])
def test_what_does_not_fit_is_not_kept_and_runs_once_there_is_room(run, tiny, leave):
    filler = fill(run, leave=leave)
    done = snakemake(run, EMBEDDING, "--cores", "1", config=TINY)
    assert done.returncode != 0
    text = done.stdout + done.stderr
    assert "The disk is full" in text or "No space left on device" in text
    assert not (run / MODEL / "weights.safetensors").exists()
    assert not (run / EMBEDDING).exists()
    assert list((run / "results").rglob("*.partial.*")) == []
    filler.unlink()
    run_all(run, TINY, cores=1, targets=(EMBEDDING,))
    assert_same(run, tiny, ("embeddings/trivae/seed-0.h5ad",))
