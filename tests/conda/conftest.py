"""The project with a conda of its own: a stand-in that deploys from a channel on disk."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import conda_channel
import conda_stand_in
import pytest
from local_wheels import wheel_folders
from workflow.runner import CONFIGS, ROOT

#: what Snakemake needs of the project
PROJECT = ("Snakefile", "config.yaml", "config", "envs", "resources/datasets.tsv",
           "resources/references.tsv", "workflow")  # fmt: skip
SECONDS = 600


@pytest.fixture(scope="session")
def environment(tmp_path_factory) -> dict[str, str]:
    """Environment variables with which Snakemake finds conda and conda its channels."""
    if sys.version_info[:2] != (3, 11):
        pytest.skip("the environments have Python 3.11, and the channel can give the running one")
    folder = tmp_path_factory.mktemp("conda")
    for name in ("conda-forge", "bioconda"):
        conda_channel.write_channel(folder / "channels" / name, pip="26.0")
    commands = conda_stand_in.install(folder / "conda")
    path = [str(commands), str(Path(sys.executable).parent), os.environ["PATH"]]
    return {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "PATH": os.pathsep.join(path),
        "CONDA_CHANNEL_ALIAS": f"{(folder / 'channels').as_uri()}/",
        "UV_FIND_LINKS": ",".join(wheel_folders()),
    }


@pytest.fixture
def project(tmp_path) -> Path:
    """A copy of the project, whose environments a test may edit."""
    for name in PROJECT:
        source, target = ROOT / name, tmp_path / "project" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return tmp_path / "project"


@pytest.fixture(scope="session")
def run(environment):
    """Function that runs Snakemake on a project in a directory, and returns the process."""

    def start(directory: Path, *args: str, root: Path = ROOT) -> subprocess.CompletedProcess:
        command = ["timeout", "-k", "10", str(SECONDS), sys.executable, "-m", "snakemake"]
        command += ["--snakefile", str(root / "Snakefile"), "--directory", str(directory), *args]
        command += ["--configfile", str(CONFIGS / "tiny.yaml"), "mine.yaml"]
        variables = environment | {"JOB_PYTHONS": str(directory / "pythons.txt")}
        return subprocess.run(
            command, cwd=directory, env=variables, text=True, capture_output=True, check=False
        )

    return start
