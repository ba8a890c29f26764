"""Dry-run Snakemake for every job of a table, forking after its import."""

import json
import multiprocessing
import os
import re
import sys
import tempfile
from pathlib import Path

import snakemake.cli


def dry_run(snakefile: str, configs: list[str]) -> list[str]:
    """Names of the rules that would run; raises if the dry run fails."""
    with tempfile.TemporaryFile("w+") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        code = 0
        try:
            snakemake.cli.main(["-n", "-s", snakefile, "--configfile", *configs])
        except SystemExit as end:
            code = end.code
        output.seek(0)
        text = output.read()
    if code:
        raise RuntimeError(f"dry run with {configs} failed:\n{text[-3000:]}")
    return sorted(set(re.findall(r"^(?:local)?rule (\w+):", text, re.MULTILINE)))


def main(table: dict) -> dict:
    """Rules that would run, by job name."""
    context = multiprocessing.get_context("fork")
    with context.Pool(2, maxtasksperchild=1) as pool:
        tasks = {
            name: pool.apply_async(dry_run, (table["snakefile"], configs))
            for name, configs in table["jobs"].items()
        }
        return {name: task.get() for name, task in tasks.items()}


if __name__ == "__main__":
    json.dump(main(json.loads(Path(sys.argv[1]).read_text())), sys.stdout)
