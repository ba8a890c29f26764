import os
from types import SimpleNamespace

import pytest
from multiome2vec.preflight import machine
from multiome2vec.preflight.findings import Findings


def told(check, *args, **more) -> dict[str, str]:
    """Problem of each severity that a check finds."""
    findings = Findings()
    check(*args, findings, **more)
    return findings.table().set_index("severity")["problem"].to_dict()


def test_room_of_a_folder_that_is_not_there_yet(tmp_path, monkeypatch):
    folder = str(tmp_path / "results" / "mine")
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda path: SimpleNamespace(free=5_000))
    assert machine.existing(folder) == tmp_path
    found = told(machine.check_room, folder, 4_000, what="results")
    assert found == {"ok": "results: 4.0 kB needed, 5.0 kB free."}
    assert set(told(machine.check_room, folder, 6_000, what="results")) == {"error"}
    about = told(machine.check_room, folder, 6_000, what="results", known=False)
    assert about == {"warning": "results: about 6.0 kB needed, 5.0 kB free."}


def test_folders_for_temporary_files(tmp_path, monkeypatch):
    absent = str(tmp_path / "none")
    monkeypatch.setenv("TMPDIR", absent)
    assert machine.temporary_folders("/scratch") == ["/scratch", absent]
    found = told(machine.check_temporary, [absent])
    assert found == {"error": f"The folder for temporary files {absent} does not exist."}
    assert set(told(machine.check_temporary, [str(tmp_path)])) == {"ok"}
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert told(machine.check_temporary, [str(tmp_path)]) == {
        "error": f"{tmp_path} may not be written to."
    }


def test_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    assert set(told(machine.check_cores, 2, cluster=False)) == {"ok"}
    assert told(machine.check_cores, 8, cluster=False) == {
        "warning": "--cores is 8, but the machine gives 2."
    }
    assert "nodes of a cluster" in told(machine.check_cores, 8, cluster=True)["info"]


@pytest.mark.parametrize(
    ("device", "gpu", "cluster", "severity", "text"),
    [
        ("auto", "unusable", False, "error", "trivae: torch does not see it."),
        ("auto", "H100", False, "ok", "on the GPU (H100)"),
        ("auto", "", False, "info", "trained on the CPU (torch sees no GPU)"),
        ("cpu", "H100", False, "info", "training.device is cpu"),
        ("cuda", "", False, "error", "torch sees no GPU"),
        ("auto", None, False, "info", "torch is not in this environment"),
        ("cuda", "", True, "info", "a node of the GPU partition"),
    ],
)
def test_where_models_are_trained(monkeypatch, device, gpu, cluster, severity, text):
    unusable = "torch does not see it." if gpu == "unusable" else ""
    monkeypatch.setattr(machine.gpu, "unusable_gpu", lambda: unusable)
    monkeypatch.setattr(machine, "_sees_gpu", lambda: "" if unusable else gpu)
    found = told(machine.check_gpu, device, ["trivae"], cluster=cluster)
    assert list(found) == [severity]
    assert text in found[severity]
    assert told(machine.check_gpu, device, [], cluster=cluster) == {}


def test_memory_that_rules_need(monkeypatch):
    monkeypatch.setattr(machine, "memory", lambda: 10_000_000_000)

    def check(need: float) -> dict:
        return told(machine.check_memory, {"labels": 200.0, "multiome": need})

    assert check(5e3) == {"ok": "largest estimate: multiome, 5.0 GB"}
    assert "multiome is likely to need 12 GB; the machine has 10 GB" in check(12e3)["warning"]
    assert "error" in check(21e3)


def test_memory_that_a_cluster_gives():
    def check(**more) -> dict:
        limits = {"fixed": {}, "most": None} | more
        return told(machine.check_requests, {"multiome": 12e3}, **limits)

    assert set(check()) == set(check(most=16_000)) == {"ok"}
    assert "need 12 GB, and may ask for 8 GB" in check(fixed={"multiome": 8_000})["warning"]
    assert set(check(fixed={"multiome": 16_000, "train": 1})) == {"ok"}
    assert "and may ask for 4 GB" in check(most=4_000, fixed={"multiome": 8_000})["warning"]
