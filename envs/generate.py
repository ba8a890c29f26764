"""Write the conda environments from the lock files: python envs/generate.py.

Each environment is python, pip and the exact versions of a few packages and of all that they need,
so that the locked environment and the conda way run the same code. Run it in the former. An engine
that cannot live beside these versions has an environment of its own, with packages from conda in
their place.

``torch_gpu`` cannot become one for the CPU: it names the CUDA libraries, and ``torch===2.13.0`` is
that version and no variant of it (PEP 440), so ``2.13.0+cpu`` of a local folder or another index
does not serve.
"""

import re
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement

HERE = Path(__file__).parent
PYTHON = "3.11"
#: the machine that the environments are written for, in the terms of PEP 508
MACHINE = {
    "python_version": PYTHON, "python_full_version": f"{PYTHON}.0", "sys_platform": "linux",
    "platform_system": "Linux", "platform_machine": "x86_64",
}  # fmt: skip
SHARED = ["anndata", "mudata", "pandas", "scipy", "tqdm"]
TORCH = [*SHARED, "torch", "safetensors", "scikit-learn", "igraph", "matplotlib"]
FAMILIES = {
    "core": [
        *SHARED,
        *["scanpy", "scrublet", "harmonypy", "leidenalg", "igraph", "umap-learn", "pynndescent"],
        *[
            "scikit-learn",
            "snapatac2",
            "macs3",
            "bioframe",
            "pysam",
            "polars",
            "pyarrow",
            "pyfaidx",
            "pybigwig",
        ],
        *["tomotopy", "lda", "lightmotif", "pyjaspar", "pydeseq2", "matplotlib"],
    ],
    "torch": TORCH,
    "torch_gpu": TORCH,
    "report": [*SHARED, "scanpy", "matplotlib", "papermill", "ipykernel", "nbconvert", "jinja2"],
    "downloads": ["pandas", "requests", "tqdm"],
    "macs2": ["pandas", "polars", "pybigwig", "pysam"],
}
#: packages from conda; what the lock has of the same name is left out
CONDA = {"macs2": {"macs2": "2.2.9.1", "numpy": "1.26.4"}}


def canonical(name: str) -> str:
    """Name of a package as the lock spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def applies(requirement: Requirement, extra: str = "") -> bool:
    """Whether a requirement is one on the machine that the environments are for."""
    marker = requirement.marker
    return marker is None or marker.evaluate(MACHINE | {"extra": extra})


def locked(file: str) -> Iterator[tuple[str, str]]:
    """Read name and version of the packages of a lock file."""
    for line in (HERE.parent / file).read_text().splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            if applies(requirement):
                yield canonical(requirement.name), str(requirement.specifier).removeprefix("==")


def closure(packages: list[str]) -> set[str]:
    """Collect packages and everything in the lock that they require, with their extras."""
    found, todo = set(), [(canonical(name), "") for name in packages]
    while todo:
        name, extra = todo.pop()
        if (name, extra) in found or name not in LOCK:
            continue
        found.add((name, extra))
        for requirement in map(Requirement, requires(name) or []):
            if applies(requirement, extra):
                needed = canonical(requirement.name)
                todo += [(needed, text) for text in ("", *requirement.extras)]
    return {name for name, _ in found}


def environment(family: str) -> str:
    """Text of one environment file."""
    conda = CONDA.get(family, {})
    pins = {name: f"=={LOCK[name]}" for name in closure(FAMILIES[family]) - set(conda)}
    if family == "torch_gpu":
        pins |= {name: f"=={version}" for name, version in locked("requirements-cuda.lock")}
        pins["torch"] = f"==={LOCK['torch']}"
    listed = "".join(f"      - {name}{pin}\n" for name, pin in sorted(pins.items()))
    own = "".join(f"  - {name} ={version}\n" for name, version in conda.items())
    return (
        "# written by envs/generate.py from requirements.lock\n"
        "channels:\n  - conda-forge\n  - bioconda\n  - nodefaults\n"
        f"dependencies:\n  - python ={PYTHON}\n{own}  - pip =26.0\n  - pip:\n{listed}"
    )


LOCK = dict(locked("requirements.lock"))

if __name__ == "__main__":
    for family in FAMILIES:
        (HERE / f"{family}.yaml").write_text(environment(family))
