"""A stand-in for ``conda`` that Snakemake can deploy environments with, built on py-rattler and uv.

Channels are solved and their packages linked by py-rattler, as conda does it; the ``pip:`` section
is installed by uv into the environment. ``CONDA_CHANNEL_ALIAS`` says where channels are, as for
conda. It knows the calls that Snakemake 9 makes, and no others.

:func:`install` writes ``bin/conda`` and ``bin/activate``; the former runs this file.
"""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import rattler
import yaml
from rattler.exceptions import GatewayError, SolverError

VERSION = "26.7.0"
PLATFORMS = ["linux-64", "noarch"]
ACTIVATE = """# source activate ENVIRONMENT
export CONDA_PREFIX="$1" CONDA_SHLVL=1 PATH="$1/bin:$PATH"
"""


def install(prefix: Path) -> Path:
    """Write the commands below ``prefix`` and return their folder."""
    folder = prefix / "bin"
    folder.mkdir(parents=True)
    (folder / "conda").write_text(f'#!/bin/sh\nexec {sys.executable} {__file__} "$0" "$@"\n')
    (folder / "conda").chmod(0o755)
    (folder / "activate").write_text(ACTIVATE)
    return folder


async def deploy(prefix: Path, channels: list[str], specs: list[str], cache: Path) -> None:
    """Solve ``specs`` and link the packages into ``prefix``."""
    config = rattler.ChannelConfig(channel_alias=os.environ["CONDA_CHANNEL_ALIAS"])
    records = await rattler.solve(
        sources=[rattler.Channel(name, config) for name in channels if name != "nodefaults"],
        specs=[rattler.MatchSpec(spec, strict=True) for spec in specs],
        gateway=rattler.Gateway(cache_dir=cache / "channels"),
        platforms=PLATFORMS,
        virtual_packages=[
            rattler.VirtualPackage.into_generic(found) for found in rattler.VirtualPackage.detect()
        ],
    )
    await rattler.install(
        records, target_prefix=prefix, cache_dir=cache / "packages", show_progress=False
    )


def create(file: Path, prefix: Path, cache: Path) -> None:
    """Make the environment of a file.

    Raises
    ------
    SystemExit
        With the words of the solver, if a package is not to be had.
    """
    text = yaml.safe_load(file.read_text())
    specs = [entry for entry in text["dependencies"] if isinstance(entry, str)]
    pip = [pin for entry in text["dependencies"] if isinstance(entry, dict) for pin in entry["pip"]]
    try:
        asyncio.run(deploy(prefix, text["channels"], specs, cache))
    except (GatewayError, SolverError) as error:
        sys.exit(f"{file}: {error}")
    if pip:
        command = ["uv", "pip", "install", "--quiet", "--python", str(prefix / "bin" / "python")]
        sys.exit(subprocess.run([*command, *pip], check=False).returncode)


def answer(prefix: Path, args: list[str]) -> None:
    """Carry out one call."""
    match args:
        case ["--version"]:
            print(f"conda {VERSION}")
        case ["info", "--json"]:
            print(json.dumps({"conda_prefix": str(prefix), "platform": PLATFORMS[0]}))
        case ["config", "--get", "channel_priority", "--json"]:
            print(json.dumps({"get": {"channel_priority": "strict"}}))
        case ["env", "create", *options]:
            file, target = (options[options.index(name) + 1] for name in ("--file", "--prefix"))
            create(Path(file), Path(target), prefix / "cache")
        case ["clean", *_]:
            pass
        case _:
            sys.exit(f"The stand-in for conda does not know: conda {' '.join(args)}")


if __name__ == "__main__":
    answer(Path(sys.argv[1]).resolve().parents[1], sys.argv[2:])
