"""Run Snakemake on the project, from a directory of the test's own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "tests" / "configs"
REAL = ROOT.parent / "shared" / "data"


def beside_real_data(top: Path) -> Path:
    """Make a directory ``top``/run that finds the real data."""
    (top / "shared").symlink_to(REAL.parent)
    run = top / "run"
    run.mkdir()
    return run


def snakemake(
    directory: Path, *args: str, config: Path | None = None, more: tuple = (), root: Path = ROOT
):
    """Run Snakemake with ``directory`` as working directory; return the finished process."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(root / "Snakefile")]
    command += ["--directory", str(directory), *args]
    command += ["--configfile", str(config), *map(str, more)] if config else []
    return subprocess.run(
        command, cwd=directory, text=True, capture_output=True, timeout=1800, check=False
    )


def run_all(
    directory: Path, config: Path, *more: str, cores: int, targets: tuple[str, ...] = ()
) -> str:
    """Run the workflow and return what it printed; the test fails with that text if it fails."""
    done = snakemake(directory, *targets, "--cores", str(cores), config=config, more=more)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-8000:]
    return done.stderr


def dry_runs(directory: Path, base: Path, overrides: dict[str, dict]) -> dict[str, set[str]]:
    """Rules that would run for each override of the configuration in ``base``.

    One child process imports Snakemake once and forks for every dry run, two at a time.
    """
    folder = directory / "overrides"
    folder.mkdir(exist_ok=True)
    jobs = {}
    for number, (name, override) in enumerate(overrides.items()):
        path = folder / f"{number}.yaml"
        path.write_text(yaml.safe_dump(override))
        jobs[name] = [str(base), str(path)]
    table = folder / "jobs.json"
    table.write_text(json.dumps({"snakefile": str(ROOT / "Snakefile"), "jobs": jobs}))
    forks = Path(__file__).with_name("fork_dry_runs.py")
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, str(forks), str(table)],
        cwd=directory, text=True, capture_output=True, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return {name: set(rules) for name, rules in json.loads(done.stdout).items()}
