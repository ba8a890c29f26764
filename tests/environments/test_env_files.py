"""The conda environments: pinned, written from the lock, one for every rule, to be had."""

import importlib.util
import re
import subprocess
import zipfile
from pathlib import Path

import pytest
import yaml
from local_wheels import wheel_folders
from packaging.requirements import Requirement
from rattler import MatchSpec
from workflow.runner import ROOT

FILES = sorted((ROOT / "envs").glob("*.yaml"))
SMK = sorted((ROOT / "workflow" / "rules").glob("*.smk"))
CUDA = re.compile("cuda|nvidia|triton")


@pytest.fixture(scope="module")
def generate():
    """The module envs/generate.py."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "envs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def content(file: Path) -> tuple[dict, list[str], list[str]]:
    """An environment, its conda packages and its packages from PyPI."""
    found = yaml.safe_load(file.read_text())
    *conda, last = found["dependencies"]
    return found, conda, last["pip"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_environments_are_exact(file):
    found, conda, pip = content(file)
    assert set(found) == {"channels", "dependencies"}
    assert found["channels"] == ["conda-forge", "bioconda", "nodefaults"]
    parsed = [MatchSpec(text, strict=True) for text in conda]
    specs = {spec.name.normalized: spec for spec in parsed}
    assert list(specs)[0] == "python"
    assert list(specs)[-1] == "pip"
    for name, spec in specs.items():
        assert re.fullmatch(r"(==)?[0-9.]+(\.\*)?", str(spec.version)), name
    names = [Requirement(text).name for text in pip]
    assert names == sorted(names)
    assert not {*names} & {*specs}
    for text in pip:
        assert re.fullmatch(r"={2,3}[^*,]+", str(Requirement(text).specifier)), text


def test_committed_environments_are_those_of_the_lock(generate):
    for family in generate.FAMILIES:
        file = ROOT / "envs" / f"{family}.yaml"
        assert file.read_text() == generate.environment(family), f"run envs/generate.py: {file}"


def test_every_rule_names_an_environment():
    without, named = set(), set()
    for file in SMK:
        for part in re.split(r"(?m)^ *(?:rule|checkpoint|use rule) ", file.read_text())[1:]:
            found = re.search(r"\n *conda:\n\s+(.+)", part)
            if found:
                named |= set(re.findall(r"envs/(\w+)\.yaml", found[1]))
            elif re.search(r"(?m)^ *(script|shell|run|notebook|wrapper):", part):
                without.add(part.split(":")[0])
    assert not without
    assert named | {"torch", "torch_gpu"} == {file.stem for file in FILES}  # TORCH_ENV has these


def resolved(pins: list[str], *options: str) -> dict[str, str]:
    """Versions that uv finds on PyPI and in local folders of wheels for these pins."""
    links = [text for folder in wheel_folders() for text in ("--find-links", folder)]
    done = subprocess.run(
        ["uv", "pip", "compile", "--quiet", "--no-annotate", "--no-header", *options, *links, "-"],
        input="\n".join(pins), text=True, capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [Requirement(line) for line in done.stdout.splitlines()]
    return {line.name: str(line.specifier).removeprefix("==") for line in lines}


LINUX = ("--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_28")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_packages_of_pypi_are_to_be_had_and_complete(file):
    """What pip would add is nothing, but for what comes from conda and CUDA of torch."""
    _, conda, pip = content(file)
    numpy = [text.replace(" =", "==") for text in conda if text.startswith("numpy ")]
    listed = {Requirement(text).name for text in [*pip, *numpy]}
    added = resolved(pip + numpy, *LINUX).keys() - listed
    assert {name for name in added if not CUDA.match(name)} == set()


def test_the_gpu_environment_is_never_a_cpu_build(generate, tmp_path):
    """A wheel for the CPU beside it is not taken, though its version is the same one."""
    wheel = tmp_path / "torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"
    write_wheel(wheel, "torch", "2.13.0+cpu")
    pins = {Requirement(text).name: text for text in content(ROOT / "envs" / "torch_gpu.yaml")[2]}
    assert pins["torch"] == f"torch==={generate.LOCK['torch']}"
    options = (*LINUX, "--find-links", str(tmp_path))
    assert resolved(["torch==2.13.0"], *options)["torch"] == "2.13.0+cpu"
    found = resolved([pins["torch"]], *options)
    assert found["torch"] == generate.LOCK["torch"]
    cuda = {name: f"{name}=={version}" for name, version in found.items() if CUDA.match(name)}
    assert len(cuda) > 10
    assert cuda == {name: text for name, text in pins.items() if CUDA.match(name)}


def write_wheel(path: Path, name: str, version: str) -> None:
    """Write an empty wheel that needs nothing."""
    info = f"{name}-{version}.dist-info"
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{info}/METADATA", about)
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: false\n")
        archive.writestr(f"{info}/RECORD", "")
