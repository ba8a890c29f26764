"""Rules run in the environments that they name, with the results of the locked environment."""

import shutil
import threading
from pathlib import Path

import pytest
import yaml
from file_servers import HttpServer, Served
from multiome2vec.io.catalogue import COLUMNS
from toy_multiome import toy_multiome
from workflow.runner import ROOT

pytestmark = pytest.mark.conda

CONDA = ("--software-deployment-method", "conda")
MODEL = "results/demo/models/trivae/seed-0"
#: what is made in which environment
TARGETS = {
    "downloads": ["resources/downloads/other/counts.txt"],
    "report": ["results/demo/notebooks/explore_embedding.html"],
    "torch": [f"{MODEL}/weights.safetensors", f"{MODEL}/splits.tsv",
              "results/demo/embeddings/trivae/seed-0.h5ad"],
}  # fmt: skip
#: of rules that need little before them; what of `core` PyPI has as source only takes minutes
RULES = {"download": "downloads", "notebook_html": "report", "train": "torch",
         "embed_cells": "torch"}  # fmt: skip
ALL = [target for targets in TARGETS.values() for target in targets]
#: a file that was downloaded is an input like any other, without a rule
AFTERWARDS = [*TARGETS["report"], *TARGETS["torch"]]
FILE = b"not much\n" * 1000


@pytest.fixture(scope="module")
def server():
    """Serves one file."""
    with HttpServer() as found:
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        found.files["/counts.txt"] = Served(FILE)
        yield found
        found.shutdown()
        thread.join()


def prepare(directory: Path, url: str) -> Path:
    """Put settings, a table of downloads, matrices to train on and a notebook into a directory."""
    matrices = directory / "results" / "demo" / "matrices"
    matrices.mkdir(parents=True)
    toy_multiome(cells=120).write(matrices / "multiome.h5mu")
    notebooks = directory / "results" / "demo" / "notebooks"
    notebooks.mkdir()
    shutil.copy(ROOT / "workflow" / "notebooks" / "explore_embedding.ipynb", notebooks)
    row = {"dataset": "other", "file": "counts.txt", "url": f"{url}/counts.txt"}
    columns = ("dataset", *COLUMNS)
    lines = ["\t".join(columns), "\t".join(row.get(column, "") for column in columns)]
    (directory / "files.tsv").write_text("".join(f"{line}\n" for line in lines))
    settings = {"models": {"trivae": {"max_epochs": 2}}, "downloads": {"datasets": ["files.tsv"]}}
    (directory / "mine.yaml").write_text(yaml.safe_dump(settings))
    return directory


def options(*rules: str) -> list[str]:
    """Options that run these rules alone: what they start from has no rule then, it is there."""
    return ["--cores", "2", "--allowed-rules", *rules]


@pytest.fixture(scope="module")
def locked(tmp_path_factory, server, run) -> Path:
    """Directory of a run in the locked environment."""
    directory = prepare(tmp_path_factory.mktemp("locked"), server.url)
    done = run(directory, *ALL, *options(*RULES))
    assert done.returncode == 0, done.stderr[-6000:]
    return directory


@pytest.fixture(scope="module")
def deployed(tmp_path_factory, server, run) -> Path:
    """Directory of a run in conda environments."""
    directory = prepare(tmp_path_factory.mktemp("deployed"), server.url)
    done = run(directory, *ALL, *options(*RULES), *CONDA)
    assert done.returncode == 0, done.stderr[-6000:]
    return directory


def environments(directory: Path) -> dict[str, str]:
    """Name of the environment file by environment that Snakemake has made."""
    names = {(ROOT / "envs" / f"{name}.yaml").read_bytes(): name for name in TARGETS}
    files = (directory / ".snakemake" / "conda").glob("*.yaml")
    return {str(file.with_suffix("")): names[file.read_bytes()] for file in files}


def test_rules_run_in_their_environments(deployed):
    made = environments(deployed)
    assert sorted(made.values()) == sorted(TARGETS)
    lines = [line.split() for line in (deployed / "pythons.txt").read_text().splitlines()]
    used = {rule: made[prefix] for rule, prefix in lines}
    assert used == RULES


def test_results_are_those_of_the_locked_environment(locked, deployed):
    assert (deployed / TARGETS["downloads"][0]).read_bytes() == FILE
    for target in ALL:
        assert (deployed / target).read_bytes() == (locked / target).read_bytes(), target


def test_an_edited_environment_reruns_its_rules(deployed, project, run):
    """And no others; leaving conda out would run all of them again."""
    plan = [*AFTERWARDS, *options(*RULES), "--dry-run", *CONDA]
    # the same environments in another place are the same
    assert "Nothing to be done" in run(deployed, *plan, root=project).stdout
    torch = project / "envs" / "torch.yaml"
    torch.write_text(torch.read_text().replace("- pip =26.0", "- pip =26.0.1"))
    done = run(deployed, *plan, root=project)
    assert done.returncode == 0, done.stderr
    text = done.stdout
    assert "Software environment definition has changed" in text
    assert {rule for rule in RULES if f"rule {rule}:" in text} == {"train", "embed_cells"}


def test_a_required_gpu_has_an_environment_of_its_own(locked, deployed, run):
    """Where conda environments are used; elsewhere the device re-runs nothing."""
    plan = [*AFTERWARDS, *options(*RULES), "--dry-run", "--config", "training={device: cuda}"]
    assert "Nothing to be done" in run(locked, *plan).stdout
    text = run(deployed, *plan, *CONDA).stdout
    assert {rule for rule in RULES if f"rule {rule}:" in text} == {"train", "embed_cells"}


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("python =3.11", "python =3.99", "python 3.99"),
        ("requests==2.34.2", "requests==2.0.99", "requests==2.0.99"),
    ],
)
def test_a_version_that_is_not_there_is_said(project, server, tmp_path, run, right, wrong, said):
    """From a channel, from PyPI: no environment is left behind, nothing is run."""
    file = project / "envs" / "downloads.yaml"
    assert right in file.read_text()
    file.write_text(file.read_text().replace(right, wrong))
    directory = prepare(tmp_path / "run", server.url)
    target = TARGETS["downloads"][0]
    done = run(directory, target, *options("download"), *CONDA, root=project)
    assert done.returncode == 1
    assert said in done.stderr
    assert "downloads.yaml" in done.stderr
    assert not [path for path in (directory / ".snakemake/conda").glob("*") if path.is_dir()]
    shutil.rmtree(directory)
