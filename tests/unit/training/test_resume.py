import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import toy_training
from multiome2vec.errors import UserError
from multiome2vec.training.interrupt import Interrupted
from multiome2vec.training.loop import Context
from multiome2vec.training.schedules import Schedule
from safetensors.torch import load_file
from toy_training import KillAt, elbo, toy_cells, train, with_sparse_atac

CYCLE = {"kl": Schedule("cyclical", epochs=3, style="cosine", decay=0.9)}


@pytest.fixture(scope="module")
def data():
    return toy_cells()


def folder(path, **changes):
    return {"checkpoint_dir": str(path), "checkpoint_minutes": 0.0} | changes


def assert_same(one, other):
    assert one[2].history == other[2].history
    assert [list(row) for row in one[2].history] == [list(row) for row in other[2].history]
    assert one[2].best_epoch == other[2].best_epoch
    first, second = one[0].state_dict(), other[0].state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    "changes",
    [{}, {"ema_decay": 0.9, "plateau_patience": 0}, {"hyper": {"sampled_features": 30}}],
    ids=["", "ema", "sampled"],
)
def test_two_halves_are_the_whole(data, tmp_path, changes):
    changes = {"schedules": CYCLE, "learning_rate": 1e-2} | changes
    data = with_sparse_atac(data)
    whole = train(data, max_epochs=8, **changes)
    train(data, max_epochs=4, settings=folder(tmp_path), **changes)
    both = train(data, max_epochs=8, settings=folder(tmp_path), **changes)
    assert_same(whole, both)
    assert [row["kl_weight"] for row in both[2].history] == [CYCLE["kl"].at(e) for e in range(1, 9)]


def test_a_training_that_is_over_is_taken_as_it_is(data, tmp_path):
    first = train(data, settings=folder(tmp_path))

    def never(*_, **__):
        raise AssertionError

    assert_same(first, train(data, settings=folder(tmp_path), objective=never))


@pytest.mark.parametrize("call", [1, 6, 8])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_an_epoch_loses_nothing(data, tmp_path, call, number):
    whole = train(data, max_epochs=4)
    settings = folder(tmp_path, metrics=str(tmp_path / "metrics.jsonl"))
    before = signal.getsignal(number)
    message = f"in epoch {(call + 3) // 4}, after {(call - 1) % 4 + 1} of 4 steps, by {number.name}"
    with pytest.raises(Interrupted, match=message):
        train(data, max_epochs=4, settings=settings, objective=KillAt(call, number))
    assert signal.getsignal(number) is before
    resumed = train(data, max_epochs=4, settings=settings)
    assert_same(whole, resumed)
    lines = Path(settings["metrics"]).read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"stage": "joint", **row} for row in whole[2].history
    ]


def test_a_process_that_is_terminated_resumes(data, tmp_path):
    """In a process of its own: it exits with an error, and another takes up its work."""
    settings = {"checkpoint_dir": str(tmp_path / "state")}
    command = [sys.executable, toy_training.__file__, str(tmp_path)]
    killed = {"max_epochs": 3, "settings": settings, "kill_at": 6}
    first = subprocess.run(
        [*command, json.dumps({"run": killed})], capture_output=True, text=True, check=False
    )
    assert first.returncode == 1
    assert "stopped in epoch 2, after 2 of 4 steps, by SIGTERM" in first.stderr
    assert "run the same command again to resume" in first.stderr
    assert not (tmp_path / "run-0.safetensors").exists()
    del killed["kill_at"]
    second = subprocess.run(
        [*command, json.dumps({"run": killed})], capture_output=True, text=True, check=True
    )
    assert "at epoch 2, step 2" in second.stderr
    model, _, result = train(data, max_epochs=3)
    weights = load_file(tmp_path / "run-0.safetensors")
    assert all(torch.equal(tensor, weights[name]) for name, tensor in model.state_dict().items())
    assert json.loads((tmp_path / "run-0.json").read_text()) == result.history


def test_the_time_limit_saves_and_stops(data, tmp_path):
    settings = folder(tmp_path, time_limit_minutes=0.0)
    with pytest.raises(Interrupted, match="by the time limit of 0 minutes"):
        train(data, settings=settings)
    assert (tmp_path / "state.json").exists()


def test_without_a_folder_signals_act_as_ever(data):
    with pytest.raises(KeyboardInterrupt):
        train(data, objective=KillAt(2, signal.SIGINT))


def test_a_second_signal_acts_at_once(data, tmp_path):
    def twice(*args, **kwargs):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        return elbo(*args, **kwargs)

    with pytest.raises(KeyboardInterrupt):
        train(data, settings=folder(tmp_path), objective=twice)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"learning_rate": 5e-3}, "optimisation"),
        ({"seed": 4}, "cells, seed"),
        ({"dropout": 0.2}, "model"),
        ({"context": Context(key={"data": "other"})}, "data"),
        ({"max_epochs": 1}, "it has 2 epochs and max_epochs is 1"),
    ],
)
def test_the_state_of_another_training_is_not_resumed(data, tmp_path, caplog, changes, named):
    arguments = {"max_epochs": 2, "context": Context(key={"data": "one"})}
    train(data, settings=folder(tmp_path), **arguments)
    fresh = train(data, **(arguments | changes))
    caplog.clear()
    assert_same(fresh, train(data, settings=folder(tmp_path), **(arguments | changes)))
    assert "is not resumed: it" in caplog.text
    assert named in caplog.text


def test_more_epochs_of_a_cosine_are_another_training(data, tmp_path, caplog):
    train(data, max_epochs=2, lr_schedule="cosine", settings=folder(tmp_path))
    train(data, max_epochs=4, lr_schedule="cosine", settings=folder(tmp_path))
    assert "it differs in optimisation" in caplog.text


def test_the_state_is_tensors_and_json(data, tmp_path):
    train(data, max_epochs=2, ema_decay=0.9, settings=folder(tmp_path))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 2
    state = json.loads((tmp_path / "state.json").read_text())
    assert names == ["state.json", state["tensors"]]
    prefixes = {name.split(".")[0] for name in load_file(tmp_path / state["tensors"])}
    assert prefixes == {"model", "best", "average", "optimiser"}


def test_states_are_saved_after_so_many_minutes(data, tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(
        "multiome2vec.training.resume.Store.save", lambda _, state: saved.append(state.epoch)
    )
    train(data, max_epochs=3, settings=folder(tmp_path))
    assert saved == [2, 3, 4, 4]
    saved.clear()
    train(data, max_epochs=3, settings=folder(tmp_path, checkpoint_minutes=60.0))
    assert saved == [4]


def test_a_broken_loss_is_not_saved(data, tmp_path):
    def broken(*args, **kwargs):
        output = elbo(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGTERM)
        return dataclasses.replace(output, total=output.total * float("nan"))

    with pytest.raises(UserError, match="not finite in epoch 1, batch 1"):
        train(data, settings=folder(tmp_path), objective=broken)
    assert not (tmp_path / "state.json").exists()
