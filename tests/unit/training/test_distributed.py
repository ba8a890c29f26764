import json
import subprocess
import sys

import numpy as np
import pytest
import torch
import toy_training
from multiome2vec.training.distributed import Group
from safetensors.torch import load_file
from toy_training import noiseless, toy_cells, train

LARGE = {"dropout": 0.0, "max_epochs": 2}
STAGES = LARGE | {"max_epochs": 1, "stages": 2}
DRAWS = {"max_epochs": 2, "batch_size": 16}
MIXTURE = {"preset": "count-gmvae", "pretrain_epochs": 1, "max_epochs": 2}
SECONDS = 300  # after which the processes are taken to wait for each other


def launch(*arguments):
    """Output of two processes on the CPU."""
    command = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    process = subprocess.Popen(
        [sys.executable, *command, *arguments], stderr=subprocess.PIPE, text=True
    )
    try:
        _, log = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.terminate()
        _, log = process.communicate()
    assert process.returncode == 0, log
    return log


@pytest.fixture(scope="module")
def launched(tmp_path_factory):
    """Folder and output of trainings by two processes on the CPU."""
    out = tmp_path_factory.mktemp("launched")
    state = {"checkpoint_dir": str(out / "state")}
    mixture = {"settings": {"checkpoint_dir": str(out / "mixture")}}
    runs = {
        "large": LARGE
        | {"batch_size": 25, "noiseless": True, "settings": {"metrics": str(out / "m.jsonl")}},
        "whole": DRAWS,
        "killed": DRAWS | {"kill_at": 6, "settings": state, "stopped": True},
        "resumed": DRAWS | {"settings": state},
        "stages": STAGES | {"batch_size": 25, "noiseless": True},
        "mixture": MIXTURE,
        "mixture_killed": MIXTURE | mixture | {"kill_at": 2, "stopped": True},
        "mixture_resumed": MIXTURE | mixture,
    }
    return out, launch(toy_training.__file__, str(out), json.dumps(runs))


def weights(out, name):
    return [load_file(out / f"{name}-{rank}.safetensors") for rank in range(2)]


def test_one_process_needs_no_other():
    group = Group()
    assert group.any(True)
    assert not group.any(False)
    assert group.gather({"a": 1}) == [{"a": 1}]
    assert group.seed(7) == 7


def test_parts_are_shared_out_whole_and_once():
    parts = [np.array([i]) for i in range(6)]
    shares = [Group(rank, 3).share(parts) for rank in range(3)]
    assert [len(share) for share in shares] == [2, 2, 2]
    assert np.concatenate([part for share in shares for part in share]).tolist() == list(range(6))


def test_every_process_has_its_own_seed():
    assert len({Group(rank, 4).seed(0) for rank in range(4)}) == 4
    assert Group(1, 4).seed(0) == Group(1, 2).seed(0)


def test_two_processes_equal_one_with_twice_the_batch(launched):
    """128 cells in steps of 50: the parts of a step differ in size."""
    out, _ = launched
    model, _, result = train(toy_cells(), batch_size=50, objective=noiseless, **LARGE)
    first, second = weights(out, "large")
    for name, tensor in model.state_dict().items():
        assert torch.equal(first[name], second[name])
        torch.testing.assert_close(first[name], tensor, atol=1e-5, rtol=1e-4)
    rows = [json.loads((out / f"large-{rank}.json").read_text()) for rank in range(2)]
    assert rows[0] == rows[1]
    lines = [json.loads(line) for line in (out / "m.jsonl").read_text().splitlines()]
    assert lines == [{"stage": "joint", **row} for row in rows[0]]
    for row, expected in zip(rows[0], result.history, strict=True):
        assert row == pytest.approx(expected, rel=1e-5)


def test_two_processes_that_are_terminated_resume(launched):
    """With draws and dropout of their own in each process."""
    out, log = launched
    assert not list(out.glob("killed-*"))
    assert log.count(f"Resumed from {out / 'state'} at epoch 2, step 2") == 2
    states = [*weights(out, "whole"), *weights(out, "resumed")]
    for name, tensor in states[0].items():
        assert all(torch.equal(state[name], tensor) for state in states)


def test_the_second_stage_takes_every_cell_once(launched):
    """Otherwise its steps are others than those of one process with twice the batch."""
    out, _ = launched
    model, _, result = train(toy_cells(), batch_size=50, objective=noiseless, **STAGES)
    for name, tensor in model.state_dict().items():
        for state in weights(out, "stages"):
            torch.testing.assert_close(state[name], tensor, atol=1e-5, rtol=1e-4)
    rows = json.loads((out / "stages-0.json").read_text())
    for row, expected in zip(rows, result.history, strict=True):
        assert row == pytest.approx(expected, rel=1e-5)


def test_two_processes_resume_the_second_stage(launched):
    out, log = launched
    assert not list(out.glob("mixture_killed-*"))
    assert "is not resumed" not in log
    for stage, place in (("pretraining", "epoch 2, step 0"), ("joint", "epoch 2, step 1")):
        assert log.count(f"Resumed from {out / 'mixture' / stage} at {place}") == 2
    states = [*weights(out, "mixture"), *weights(out, "mixture_resumed")]
    for name, tensor in states[0].items():
        assert all(torch.equal(state[name], tensor) for state in states)
