import json
from base64 import urlsafe_b64encode

from multiome2vec.doctor.leftovers import (
    Training,
    incomplete_outputs,
    is_locked,
    partial_files,
    size,
    unfinished_trainings,
)
from multiome2vec.io.atomic import atomic_path


def mark(directory, name):
    """Mark an output as Snakemake does, whose file names have at most 255 characters."""
    code = urlsafe_b64encode(name.encode()).decode()
    parts = [code[i : i + 254] for i in range(0, len(code), 254)]
    path = directory.joinpath(".snakemake", "incomplete", *(f"@{p}" for p in parts[:-1]), parts[-1])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}")


def test_incomplete_outputs_are_read_from_snakemakes_marks(tmp_path):
    names = ["results/demo/a.h5ad", f"results/{'long' * 30}/{'names' * 40}/b.tsv"]
    for name in names:
        mark(tmp_path, name)
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    mark(tmp_path, "results/demo/never_begun.tsv")
    assert incomplete_outputs(tmp_path) == sorted(names)
    assert incomplete_outputs(tmp_path / "elsewhere") == []


def test_lock(tmp_path):
    locks = tmp_path / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    assert not is_locked(tmp_path)
    (locks / "0.output.lock").touch()
    assert is_locked(tmp_path)


def test_temporary_files_of_killed_writers_are_found_and_nothing_else(tmp_path):
    out = tmp_path / "results" / "demo"
    with atomic_path(out / "whole.txt") as partial:
        partial.write_text("whole")
    killed = [atomic_path(out / "cut.txt"), atomic_path(out / "cut.zarr")]
    file, folder = (writer.__enter__() for writer in killed)
    file.write_text("12345")
    folder.mkdir()
    with atomic_path(folder / "inside") as inside:
        inside.write_text("123")
    (out / ".partial.mine").touch()
    (out / "notes.partial.txt").touch()
    assert partial_files(tmp_path) == sorted([file, folder])
    assert size(partial_files(tmp_path)) == 5 + 3


def test_trainings_that_will_be_resumed(tmp_path):
    folder = tmp_path / "results/demo/models/trivae/seed-1"
    (folder / "checkpoint").mkdir(parents=True)
    state = {"common": {"history": [{"loss": 2.0}, {"loss": 1.0}]}}
    (folder / "checkpoint" / "state.json").write_text(json.dumps(state))
    assert unfinished_trainings(tmp_path) == [Training("results/demo/models/trivae/seed-1", 2)]
