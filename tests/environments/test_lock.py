"""One lock for every Python that is supported, and the Makefile that chooses one."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from environments.test_env_files import resolved
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from workflow.runner import ROOT

PYTHONS = ("3.11", "3.12", "3.13")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LINES = [
    Requirement(line)
    for line in (ROOT / "requirements.lock").read_text().splitlines()
    if line and not line.startswith("#")
]


def machine(python: str) -> dict[str, str]:
    return {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux",
            "platform_system": "Linux", "platform_machine": "x86_64",
            "implementation_name": "cpython"}  # fmt: skip


def test_every_requirement_is_locked_for_every_python():
    supported = SpecifierSet(PROJECT["project"]["requires-python"])
    around = ("3.10", *PYTHONS, "3.14")
    assert tuple(python for python in around if f"{python}.0" in supported) == PYTHONS
    wanted = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]
    for python in PYTHONS:
        pins = {
            canonicalize_name(line.name): line.specifier
            for line in LINES
            if line.marker is None or line.marker.evaluate(machine(python))
        }
        for text in wanted:
            requirement = Requirement(text)
            pin = next(iter(pins[canonicalize_name(requirement.name)]))
            assert pin.operator == "=="
            assert requirement.specifier.contains(pin.version), text


def test_torch_is_locked_without_a_variant():
    """A CPU wheel of this version in a local folder is as good; CUDA's packages are torch's own."""
    assert "torch==2.13.0" in map(str, LINES)
    assert not [line.name for line in LINES if re.match("cuda|nvidia|triton", line.name)]


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_resolves_with_wheels(python):
    """Every pin has a wheel for this Python, but for those that are known to be built."""
    built = ["annoy", "connection-pool", "cykhash", "lda", "macs3"]
    pins = [str(line) for line in LINES if line.name not in (*built, "torch")]
    options = ["--only-binary", ":all:", "--python-version", python]
    options += ["--python-platform", "x86_64-manylinux_2_28", "--no-deps"]
    found = resolved(pins, *options)
    expected = [
        line for line in LINES
        if line.marker is None or line.marker.evaluate(machine(python))
    ]  # fmt: skip
    assert {line.name for line in expected} - {*built, "torch"} == set(found)


def write_python(file: Path, version: str) -> None:
    """Write a stand-in for an interpreter of that version."""
    pretend = f"import sys; sys.version_info = ({version.replace('.', ', ')}, 0)"
    file.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{pretend}\n$2"\n')
    file.chmod(0o755)


@pytest.mark.parametrize(
    ("there", "chosen"),
    [
        ({"python3.11": "3.11", "python3.12": "3.12", "python3": "3.12"}, "python3.11"),
        ({"python3.13": "3.13", "python3.12": "3.12", "python3": "3.14"}, "python3.12"),
        ({"python3.10": "3.10", "python3": "3.13"}, "python3"),
        ({"python3": "3.10", "python": "3.11"}, "python"),
        ({"python3": "3.14"}, ""),
    ],
)
def test_make_chooses_the_first_python_that_suits(tmp_path, there, chosen):
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, version in there.items():
        write_python(commands / name, version)
    for name in ("sh", "sed", "nproc", "test", "make"):
        (commands / name).symlink_to(shutil.which(name))
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)

    def make(*args: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            ["make", *args], cwd=tmp_path, text=True, capture_output=True, check=False,
            env={"PATH": str(commands), "HOME": str(tmp_path)},
        )  # fmt: skip

    assert f"|| {chosen} -m venv .venv" in make("--dry-run", "setup").stdout
    if not chosen:
        done = make("setup")
        assert done.returncode != 0
        assert "Python 3.11, 3.12 or 3.13 is needed: install 3.11" in done.stdout
