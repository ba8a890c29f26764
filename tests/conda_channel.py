"""A conda channel on disk, of packages made here: python and pip.

``python`` makes an environment a virtual one of the interpreter that runs the tests, and records
the scripts that it runs; ``pip`` is a name alone, as the stand-in for conda installs with uv.
"""

import hashlib
import io
import json
import os
import platform
import sys
import tarfile
from pathlib import Path

SUBDIRS = ("linux-64", "noarch")
TIME = 1_700_000_000
#: run when Python starts. Snakemake lets no PYTHONPATH into an environment, so it is in there
SITECUSTOMIZE = """
import os, sys

if ".snakemake/scripts" in sys.orig_argv[-1]:
    with open(os.environ["JOB_PYTHONS"], "a") as out:
        out.write(f"{sys.orig_argv[-1].split('.')[-2]} {sys.prefix}\\n")
"""


def write_channel(folder: Path, *, pip: str) -> None:
    """Write a channel with the running ``python`` and that version of ``pip``."""
    python, short = platform.python_version(), f"python{sys.version_info[0]}.{sys.version_info[1]}"
    home = Path(sys.executable).resolve().parent
    packages = f"lib/{short}/site-packages"
    settings = f"home = {home}\ninclude-system-site-packages = false\nversion = {python}\n"
    records = dict(
        [
            write_package(
                folder, "python", python,
                files={"pyvenv.cfg": settings, f"{packages}/sitecustomize.py": SITECUSTOMIZE},
                links={"bin/python": str(home / short), f"bin/{short}": "python"},
            ),
            write_package(folder, "pip", pip, files={"share/pip.txt": "uv takes its place\n"}),
        ]
    )  # fmt: skip
    for subdir in SUBDIRS:
        (folder / subdir).mkdir(parents=True, exist_ok=True)
        found = records if subdir == SUBDIRS[0] else {}
        index = {"info": {"subdir": subdir}, "packages": found, "packages.conda": {}}
        (folder / subdir / "repodata.json").write_text(json.dumps(index))


def write_package(
    folder: Path, name: str, version: str, *, files: dict[str, str],
    links: dict[str, str] | None = None,
) -> tuple[str, dict]:  # fmt: skip
    """Write one package and return its file name and its record for the index."""
    links = links or {}
    record = {
        "name": name, "version": version, "build": "0", "build_number": 0, "depends": [],
        "arch": "x86_64", "platform": "linux", "subdir": SUBDIRS[0], "timestamp": 1000 * TIME,
    }  # fmt: skip
    content = [(path, "hardlink", text.encode()) for path, text in files.items()]
    content += [(path, "softlink", b"") for path in links]
    paths = [
        {"_path": path, "path_type": kind, "sha256": hashlib.sha256(data).hexdigest(),
         "size_in_bytes": len(data)}
        for path, kind, data in content
    ]  # fmt: skip
    info = {
        "info/index.json": json.dumps(record),
        "info/paths.json": json.dumps({"paths_version": 1, "paths": paths}),
        "info/files": "".join(f"{path}\n" for path in (*files, *links)),
    }
    target = folder / SUBDIRS[0] / f"{name}-{version}-0.tar.bz2"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(target, "w:bz2") as archive:
        for path, text in (info | files).items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mtime = len(text), TIME
            archive.addfile(entry, io.BytesIO(text.encode()))
        for path, aim in links.items():
            entry = tarfile.TarInfo(path)
            entry.type, entry.linkname = tarfile.SYMTYPE, os.fspath(aim)
            archive.addfile(entry)
    data = target.read_bytes()
    digests = {"md5": hashlib.md5(data).hexdigest(), "sha256": hashlib.sha256(data).hexdigest()}
    return target.name, record | digests | {"size": len(data)}
