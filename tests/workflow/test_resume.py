"""A training that is interrupted in the workflow goes on where it was."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from workflow.runner import CONFIGS, ROOT

FOLDER = "results/demo/models/trivae/seed-0"
OVERRIDE = "models: {trivae: {max_epochs: 60, patience: 60}}\n"


@pytest.fixture
def trained(tiny, tmp_path):
    """Copy of the tiny run, its model trained for longer without an interruption."""
    run = tmp_path / "run"
    shutil.copytree(tiny, run, ignore=shutil.ignore_patterns("locks"))
    (run / "more.yaml").write_text(OVERRIDE)
    assert start(run).wait() == 0, (run / "out.txt").read_text()
    return run


def start(run) -> subprocess.Popen:
    """Start to train the model."""
    command = [
        sys.executable, "-m", "snakemake", f"{FOLDER}/card.json", "--cores", "1",
        "--snakefile", str(ROOT / "Snakefile"), "--rerun-triggers", "params",
        "--configfile", str(CONFIGS / "tiny.yaml"), "more.yaml",
    ]  # fmt: skip
    with open(run / "out.txt", "w") as out:
        return subprocess.Popen(
            command, cwd=run, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )


def interrupt(run, process, *, epochs: int) -> None:
    """Press Ctrl-C once the training has had so many epochs."""
    metrics = run / "logs/train/demo.trivae.0.jsonl"
    while not metrics.exists() or len(metrics.read_text().splitlines()) < epochs:
        assert process.poll() is None, (run / "out.txt").read_text()
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)


def test_ctrl_c_and_the_same_command_again_give_the_same_bits(trained):
    outputs = list((trained / FOLDER).iterdir())
    before = {path.name: path.read_bytes() for path in outputs}
    assert set(before) == {"weights.safetensors", "card.json", "history.tsv", "splits.tsv"}
    for path in outputs + [trained / "logs/train/demo.trivae.0.jsonl"]:
        path.unlink()
    process = start(trained)
    interrupt(trained, process, epochs=5)
    assert process.wait() != 0
    assert [path.name for path in (trained / FOLDER).iterdir()] == ["checkpoint"]
    assert "run the same command again to resume" in (trained / "out.txt").read_text()
    assert start(trained).wait() == 0, (trained / "out.txt").read_text()
    assert "Resumed from" in (trained / "logs/train/demo.trivae.0.log").read_text()
    after = {path.name: path.read_bytes() for path in (trained / FOLDER).iterdir()}
    assert after == before
