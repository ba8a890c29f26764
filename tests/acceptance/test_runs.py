"""Runs that stop and go on, and values kept in memory or in a file: the same bits."""

import os
import signal

import pytest
import torch
from multiome2vec.data import multiome
from multiome2vec.data.backed import BackedStore
from multiome2vec.data.readers import read_dataset
from multiome2vec.data.stores import MemoryStore
from multiome2vec.models.batch import SparseRows
from multiome2vec.objectives.objective import Objective
from multiome2vec.tasks import train as module
from multiome2vec.training.interrupt import Interrupted
from multiome2vec.training.settings import RunSettings
from toy_multiome import toy_multiome
from toy_presets import short

MIXED = {"n_components": 3, "pretrain_epochs": 3, "terms": {"cycle": 0.5}, "kl_warmup_epochs": 1}
STEPS = 3  # of an epoch of the 144 cells to learn from


def run(folder=None, *, epochs=4):
    settings = RunSettings(
        device="cpu", checkpoint_dir=folder and str(folder), checkpoint_minutes=0.0
    )
    return short("scmvp", toy_multiome(cells=160), run=settings, max_epochs=epochs, **MIXED)


def assert_same(one, other):
    assert one.fit.history == other.fit.history
    assert one.facts == other.facts
    first, second = one.model.state_dict(), other.model.state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.fixture(scope="module")
def whole():
    return run()


def test_half_the_epochs_twice_are_all_epochs(whole, tmp_path):
    run(tmp_path, epochs=2)
    assert_same(whole, run(tmp_path))


@pytest.mark.parametrize("step", [STEPS + 2, 3 * STEPS + 2], ids=["pretraining", "joint"])
def test_a_signal_within_a_stage_loses_nothing(whole, tmp_path, monkeypatch, step):
    class Stopped(Objective):
        steps = 0

        def __call__(self, *args, **kwargs):
            Stopped.steps += 1
            if Stopped.steps == step:
                os.kill(os.getpid(), signal.SIGTERM)
            return super().__call__(*args, **kwargs)

    with monkeypatch.context() as patched, pytest.raises(Interrupted, match="in epoch"):
        patched.setattr(module, "Objective", Stopped)
        run(tmp_path)
    assert (tmp_path / "joint").exists() == (step > 3 * STEPS)
    assert_same(whole, run(tmp_path))


def test_a_stop_between_the_stages_loses_nothing(whole, tmp_path, monkeypatch):
    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(module, "initial_mixture", killed)
        run(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pretraining"]

    def untrained(*_, **__):
        raise AssertionError("the first stage is over")

    with monkeypatch.context() as patched:
        calls = []
        fit = module.fit
        patched.setattr(
            module, "fit", lambda *a, **k: calls.append(k["context"].key["stage"]) or fit(*a, **k)
        )
        patched.setattr(
            "multiome2vec.training.loop._train_epoch",
            lambda plan, *a: untrained() if plan.context.key["stage"] == "pretraining" else 0,
        ) if False else None
        resumed = run(tmp_path)
    assert calls == ["pretraining", "joint"]
    assert_same(whole, resumed)


@pytest.mark.parametrize("dense", [True, False], ids=["dense", "sparse"])
def test_memory_and_file_train_alike(tmp_path, monkeypatch, dense):
    monkeypatch.setattr(multiome, "SPARSE_BELOW", -1.0 if dense else 2.0)
    toy_multiome(cells=160).write_h5mu(tmp_path / "cells.h5mu")
    source = read_dataset(tmp_path / "cells.h5mu")
    kept = {"backed": BackedStore, "memory": MemoryStore}
    found = {}
    for backend, kind in kept.items():
        found[backend] = short("trivae", source, backend=backend, max_epochs=4)
        atac = found[backend].data.modalities["atac"]
        assert isinstance(atac.store, kind)
        assert atac.sparse != dense
    assert_same(found["backed"], found["memory"])
    if not dense:
        batch = found["memory"].data.batch(found["memory"].split.train[:3], torch.device("cpu"))
        assert isinstance(batch.values["rna"], SparseRows)
