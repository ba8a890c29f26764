import json
import logging

import pytest
from multiome2vec.training import report
from multiome2vec.training.report import Report
from multiome2vec.training.settings import RunSettings


def row(epoch):
    return {"epoch": epoch, "train_loss": 2.0, "val_loss": 1.5, "lr": 1e-3}


def told(settings, epochs, *, history=(), active=True, stage="joint", earlier=()):
    options = {"active": active, "stage": stage, "earlier": dict(earlier)}
    with Report(settings, history=list(history), total=100, **options) as out:
        for epoch in epochs:
            out.epoch(row(epoch))


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch, caplog):
    monkeypatch.setattr(report.sys.stderr, "isatty", lambda: False, raising=False)
    caplog.set_level(logging.INFO)


def test_a_line_every_few_epochs(caplog):
    told(RunSettings(log_epochs=4), range(1, 11))
    assert [r.getMessage().split(":")[0] for r in caplog.records] == [
        "joint, epoch 4",
        "joint, epoch 8",
    ]
    assert "training loss 2.00, validation loss 1.50, rate 1.0e-03" in caplog.text


def test_a_line_after_a_while(caplog):
    told(RunSettings(log_epochs=1000, log_seconds=0.0), range(1, 4))
    assert len(caplog.records) == 3


def test_a_bar_on_a_terminal(monkeypatch, caplog, capsys):
    monkeypatch.setattr(report.sys.stderr, "isatty", lambda: True, raising=False)
    told(RunSettings(), range(1, 11))
    assert "10/100" in capsys.readouterr().err
    assert not caplog.records


def test_metrics_of_an_interrupted_run_are_made_whole(tmp_path):
    """Lines after the saved state, and half a line, are gone when it is resumed."""
    path = tmp_path / "metrics.jsonl"
    settings = RunSettings(metrics=str(path))
    told(settings, [1, 2, 3])
    path.write_text(path.read_text() + '{"epoch": 4, "tr')
    told(settings, [3, 4], history=[row(1), row(2)])
    assert lines(path) == [{"stage": "joint", **row(epoch)} for epoch in (1, 2, 3, 4)]


def test_metrics_hold_every_stage_and_nothing_of_another_training(tmp_path):
    """A training with two stages, begun again after it was interrupted in the second."""
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"stage": "pretraining", "epoch": 7}\n')
    settings = RunSettings(metrics=str(path))
    first = [row(1), row(2)]
    for done in (0, 3):
        told(settings, [], history=first, stage="pretraining")
        told(settings, [done + 1], history=[row(9)] * done, earlier={"pretraining": first})
    stages = [(line["stage"], line["epoch"]) for line in lines(path)]
    joint = [("joint", epoch) for epoch in (9, 9, 9, 4)]
    assert stages == [("pretraining", 1), ("pretraining", 2), *joint]


def test_only_one_process_speaks(tmp_path, caplog):
    path = tmp_path / "metrics.jsonl"
    told(RunSettings(metrics=str(path), log_epochs=1), [1], active=False)
    assert not path.exists()
    assert not caplog.records
