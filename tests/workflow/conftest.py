"""The tiny run that most workflow tests look at, made once."""

import textwrap
from pathlib import Path

import pytest
from workflow.interrupted import EMBEDDING, LONGER, untrained
from workflow.runner import CONFIGS, run_all

#: put on the path of every job: records which modules of the package the job has loaded
SITECUSTOMIZE = textwrap.dedent(
    """
    import atexit, os, sys

    def record():
        names = sorted(name for name in sys.modules if name.split(".")[0] == "multiome2vec")
        if names and sys.argv and ".snakemake/scripts" in sys.argv[0]:
            rule = os.path.basename(sys.argv[0]).split(".")[1]
            with open(os.environ["LOADED_MODULES"], "a") as out:
                out.write(f"{rule} {' '.join(names)}\\n")

    atexit.register(record)
    """
)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    """Directory of a finished run of tests/configs/tiny.yaml on two cores."""
    directory = tmp_path_factory.mktemp("tiny")
    tracer = directory / "tracer"
    tracer.mkdir()
    (tracer / "sitecustomize.py").write_text(SITECUSTOMIZE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(tracer))
        patch.setenv("LOADED_MODULES", str(directory / "loaded.txt"))
        run_all(directory, CONFIGS / "tiny.yaml", cores=2)
    return directory


@pytest.fixture(scope="session")
def longer(tiny, tmp_path_factory) -> Path:
    """Directory of a run whose model was trained for longer, with no interruption."""
    run = untrained(tiny, tmp_path_factory.mktemp("longer") / "run")
    run_all(run, CONFIGS / "tiny.yaml", str(run / LONGER), cores=1, targets=(EMBEDDING,))
    return run
