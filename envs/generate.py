"""Write the conda environments from the lock file: python envs/generate.py.

Each environment is python, pip and the exact versions of a few packages and of all that they need,
so that the locked environment and the conda way run the same code. Run it in the former. An engine
that cannot live beside these versions has an environment of its own, with packages from conda in
their place.
"""

import re
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement

HERE = Path(__file__).parent
SHARED = ["anndata", "mudata", "pandas", "scipy", "tqdm"]
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
    "torch": [*SHARED, "torch", "safetensors", "scikit-learn", "igraph"],
    "report": [*SHARED, "scanpy", "matplotlib", "papermill", "ipykernel", "nbconvert", "jinja2"],
    "downloads": ["pandas", "requests", "tqdm"],
    "macs2": ["pandas", "polars", "pybigwig", "pysam"],
}
#: packages from conda; what the lock has of the same name is left out
CONDA = {"macs2": {"macs2": "2.2.9.1", "numpy": "1.26.4"}}


def canonical(name: str) -> str:
    """Name of a package as the lock spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def lock() -> dict[str, str]:
    """Read the versions by package."""
    lines = (HERE.parent / "requirements.lock").read_text().splitlines()
    pins = [line.split("==") for line in lines if "==" in line and not line.startswith("#")]
    return {canonical(name): version for name, version in pins}


def closure(packages: list[str]) -> set[str]:
    """Collect packages and everything in the lock that they require."""
    found, todo = set(), [canonical(name) for name in packages]
    while todo:
        name = todo.pop()
        if name in found or name not in LOCK:
            continue
        found.add(name)
        for line in requires(name) or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                todo.append(canonical(requirement.name))
    return found


def environment(packages: list[str], conda: dict[str, str]) -> str:
    """Text of one environment file."""
    names = sorted(closure(packages) - set(conda))
    pins = "".join(f"      - {name}=={LOCK[name]}\n" for name in names)
    own = "".join(f"  - {name} ={version}\n" for name, version in conda.items())
    return (
        "# written by envs/generate.py from requirements.lock\n"
        "channels:\n  - conda-forge\n  - bioconda\n  - nodefaults\n"
        f"dependencies:\n  - python =3.11\n{own}  - pip =26.0\n  - pip:\n{pins}"
    )


LOCK = lock()

if __name__ == "__main__":
    for family, packages in FAMILIES.items():
        (HERE / f"{family}.yaml").write_text(environment(packages, CONDA.get(family, {})))
