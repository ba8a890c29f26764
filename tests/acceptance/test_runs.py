"""Runs that stop and go on, and values kept in memory or in a file: the same bits."""

import json
import os
import signal

import pytest
import torch
from multiome2vec.data import multiome
from multiome2vec.data.backed import BackedStore
from multiome2vec.data.cells import CellData
from multiome2vec.data.readers import read_dataset
from multiome2vec.data.sampling import index_batches
from multiome2vec.data.stores import MemoryStore
from multiome2vec.objectives.objective import Objective
from multiome2vec.tasks import train as module
from multiome2vec.training.interrupt import Interrupted
from multiome2vec.training.settings import RunSettings
from toy_multiome import toy_multiome
from toy_presets import short

MIXED = {"n_components": 3, "pretrain_epochs": 3, "terms": {"cycle": 0.5}, "kl_warmup_epochs": 1}
STEPS = 3  # of an epoch of the 144 cells to learn from


def run(folder=None, *, epochs=4, metrics=None, **changes):
    settings = RunSettings(
        device="cpu",
        checkpoint_dir=folder and str(folder),
        checkpoint_minutes=0.0,
        metrics=metrics and str(metrics),
    )
    changes = MIXED | changes
    return short("scmvp", toy_multiome(cells=160), run=settings, max_epochs=epochs, **changes)


def assert_same(one, other):
    assert one.fit.history == other.fit.history
    assert one.facts == other.facts
    first, second = one.model.state_dict(), other.model.state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Write the toy to a file."""
    path = tmp_path_factory.mktemp("data") / "cells.h5mu"
    toy_multiome(cells=160).write_h5mu(path)
    return read_dataset(path)


@pytest.fixture(scope="module")
def whole():
    return run()


def test_half_the_epochs_twice_are_all_epochs(whole, tmp_path):
    run(tmp_path, epochs=2)
    assert_same(whole, run(tmp_path))


def test_half_the_epochs_twice_with_as_many_components_as_clusters(tmp_path):
    auto = {"n_components": "auto"}
    expected = run(**auto)
    assert expected.facts["n_components"]["chosen_by"] == "clusters"
    run(tmp_path, epochs=2, **auto)
    assert_same(expected, run(tmp_path, **auto))


def stop_at(monkeypatch, step):
    """Send a signal in a step; return the list of the steps taken."""
    taken = []

    class Watched(Objective):
        def __call__(self, *args, **kwargs):
            taken.append(len(taken) + 1)
            if len(taken) == step:
                os.kill(os.getpid(), signal.SIGTERM)
            return super().__call__(*args, **kwargs)

    monkeypatch.setattr(module, "Objective", Watched)
    return taken


@pytest.mark.parametrize("step", [STEPS + 2, 4 * STEPS + 1], ids=["pretraining", "joint"])
def test_a_signal_within_a_stage_loses_nothing(whole, tmp_path, monkeypatch, step):
    taken, state, metrics = stop_at(monkeypatch, step), tmp_path / "state", tmp_path / "x.jsonl"
    with pytest.raises(Interrupted, match="in epoch"):
        run(state, metrics=metrics)
    assert len(taken) == step
    assert (state / "joint").exists() == (step > 3 * STEPS)
    assert_same(whole, run(state, metrics=metrics))
    assert len(taken) == 7 * STEPS
    lines = [json.loads(line) for line in metrics.read_text().splitlines()]
    stages = ["pretraining"] * 3 + ["joint"] * 4
    assert [line.pop("stage") for line in lines] == stages
    assert lines[3:] == whole.fit.history
    assert [line["epoch"] for line in lines[:3]] == [1, 2, 3]


def test_a_stop_between_the_stages_loses_nothing(whole, tmp_path, monkeypatch):
    def killed(*_, **__):
        raise KeyboardInterrupt

    taken = stop_at(monkeypatch, None)
    with monkeypatch.context() as patched:
        patched.setattr(module, "initial_mixture", killed)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["pretraining"]
    assert len(taken) == 3 * STEPS
    assert_same(whole, run(tmp_path))
    assert len(taken) == 7 * STEPS


@pytest.mark.parametrize(
    "changes",
    [
        {"masking": (0.1, 0.2)},
        {"free_nats": 1.0},
        {"free_bits": 0.1},
        {"temperature": 0.5},
        {"initialisation": "xavier"},
        {"pretrain_epochs": 4},
    ],
    ids=str,
)
def test_the_state_of_other_settings_is_not_resumed(tmp_path, monkeypatch, caplog, changes):
    run(tmp_path, epochs=1)
    taken = stop_at(monkeypatch, None)
    run(tmp_path, epochs=1, **changes)
    stages = 3 + ("pretrain_epochs" in changes)
    assert len(taken) == (stages + 1) * STEPS
    assert "is not resumed: it differs in" in caplog.text


def one_order(data, cells, *, size, rng=None):
    return list(index_batches(cells, size=size, rng=rng))


@pytest.mark.parametrize("dense", [True, False], ids=["dense", "sparse"])
def test_memory_and_file_train_alike_on_the_same_batches(source, monkeypatch, dense):
    monkeypatch.setattr(CellData, "order", one_order)
    monkeypatch.setattr(CellData, "shuffle", "alike")
    monkeypatch.setattr(multiome, "SPARSE_BELOW", -1.0 if dense else 2.0)
    kept = {"backed": BackedStore, "memory": MemoryStore}
    found = {}
    for backend, kind in kept.items():
        found[backend] = short("trivae", source, backend=backend, max_epochs=4)
        atac = found[backend].data.modalities["atac"]
        assert isinstance(atac.store, kind)
        assert atac.sparse != dense
    assert_same(found["backed"], found["memory"])


def test_a_state_of_another_order_of_cells_is_not_resumed(source, tmp_path, caplog):
    settings = RunSettings(device="cpu", checkpoint_dir=str(tmp_path), checkpoint_minutes=0.0)
    for backend, order in (("backed", "by blocks"), ("memory", "of all cells")):
        trained = short("trivae", source, backend=backend, max_epochs=1, run=settings)
        assert trained.facts["order"] == order
    assert "is not resumed: it differs in order" in caplog.text
