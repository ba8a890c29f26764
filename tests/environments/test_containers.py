"""The recipes of the images: in order, alike, of the lock and of what a checkout has."""

import re
import subprocess

import pytest
from workflow.runner import ROOT

DOCKERFILE = ROOT / "containers" / "Dockerfile"
APPTAINER = ROOT / "containers" / "apptainer.def"
#: of the Apptainer 1.3 user guide, Definition Files
HEADERS = {"Bootstrap", "From"}
SECTIONS = {
    "arguments", "setup", "files", "environment", "post", "runscript", "startscript", "test",
    "labels", "help",
}  # fmt: skip


@pytest.fixture(scope="module")
def definition() -> tuple[dict[str, str], dict[str, str]]:
    """Headers of the Apptainer recipe, and its sections by name."""
    head, *parts = re.split(r"(?m)^%(?=\w)", APPTAINER.read_text())
    lines = [line for line in head.splitlines() if line and not line.startswith("#")]
    sections = dict(part.split("\n", 1) for part in parts)
    return dict(line.split(": ", 1) for line in lines), sections


def test_the_dockerfile_is_in_order():
    done = subprocess.run(["hadolint", DOCKERFILE], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_apptainer_recipe_is_in_order(definition):
    headers, sections = definition
    assert set(headers) == HEADERS
    assert headers["Bootstrap"] == "docker"
    assert set(sections) <= SECTIONS
    for name in ("environment", "post", "runscript", "test"):
        done = subprocess.run(
            ["sh", "-n"], input=sections[name], text=True, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_files_are_those_of_a_checkout(definition):
    """And all that the workflow needs: what Docker copies as a whole, less its .dockerignore."""
    pairs = [line.split() for line in definition[1]["files"].splitlines() if line.strip()]
    assert all(target == f"/opt/multiome2vec/{source}" for source, target in pairs)
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, text=True, capture_output=True, check=True
    ).stdout.splitlines()
    copied = {source for source, _ in pairs}
    assert copied <= {path.split("/")[0] for path in tracked}
    assert {"Snakefile", "config.yaml", "workflow", "envs", "profiles", "resources"} <= copied
    left_out = (ROOT / ".dockerignore").read_text().split()
    assert not copied & {*left_out}


def test_the_images_are_alike_and_as_make_sets_up(definition):
    docker, apptainer = DOCKERFILE.read_text(), definition[1]["post"]
    bases = {*re.findall(r"(?m)^FROM (\S+)", docker), definition[0]["From"]}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.1[123]\.\d+-slim-\w+", bases.pop())
    version = re.search(r"UV_VERSION := (\S+)", (ROOT / "Makefile").read_text())[1]
    for text in (docker, apptainer):
        assert set(re.findall(r"uv==(\S+)", text)) == {version}
        assert "requirements.lock" in text
        assert "--no-deps" in text
