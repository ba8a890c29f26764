"""Digest of the package source that a rule depends on.

A rule that calls the package through a thin adapter would not notice an edited module. Every rule
therefore carries ``code=source_digest("multiome2vec.steps.<step>")`` among its ``params``, and
Snakemake re-runs it exactly when the code it reaches has changed. Comments and docstrings do not
count.

Every Snakemake asks for all digests as it starts, and every job of a cluster starts one: what was
read of a module is therefore kept beside its bytecode, for as long as its bytes are the same.
"""

import ast
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

from multiome2vec.io.atomic import atomic_path

PACKAGE = "multiome2vec"
ROOT = Path(__file__).parent
READER = Path(__file__).read_bytes()  # what was read by another one is read again


def source_digest(*modules: str) -> str:
    """Digest the code of ``modules`` and of everything in the package they import.

    Parameters
    ----------
    modules
        Dotted names, such as ``multiome2vec.steps.train``. Methods that a registry imports by name
        are not seen by the digest: name the one that the rule uses.

    Returns
    -------
    str
        The first 16 hexadecimal digits of a SHA-256.
    """
    modules_read = [(name, _source(name).digest) for name in sorted(reached_modules(*modules))]
    _keep()
    return hashlib.sha256(json.dumps(modules_read).encode()).hexdigest()[:16]


def reached_modules(*modules: str) -> set[str]:
    """Names of ``modules`` and of all package modules they import, at any depth.

    Imports inside functions count; so do the packages above a module, which Python runs first.

    Raises
    ------
    ModuleNotFoundError
        If a name is not a module of this package.
    """
    found: set[str] = set()
    todo = list(modules)
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        todo += _imports(name)
        if "." in name:
            todo.append(name.rpartition(".")[0])
    return found


def _path(name: str) -> Path | None:
    """Source file of a package module, or None if ``name`` is no module."""
    stem = ROOT.joinpath(*name.split(".")[1:])
    candidates = (stem / "__init__.py", stem.with_suffix(".py"))
    return next((path for path in candidates if path.is_file()), None)


class Source(NamedTuple):
    """What is read of a module: names that it may import, digests of its bytes and of its code."""

    content: str
    names: tuple[str, ...]
    digest: str


@cache
def _source(name: str) -> Source:
    path = _path(name)
    if path is None:
        raise ModuleNotFoundError(f"No module named '{name}' in {ROOT}.")
    content = path.read_bytes()
    key = hashlib.sha256(READER + content).hexdigest()
    kept = _kept().get(name)
    if kept is None or kept.content != key:
        tree = ast.parse(content)
        kept = _kept()[name] = Source(key, _names(tree), _code_digest(tree))
        _changed.add(name)
    return kept


_changed: set[str] = set()


def _file() -> Path:
    return ROOT / "__pycache__" / "sources.json"


@cache
def _kept() -> dict[str, Source]:
    """Read what an earlier process knew of the modules; nothing if the file is damaged."""
    try:
        found = json.loads(_file().read_text())
        return {name: Source(key, tuple(names), code) for name, (key, names, code) in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _keep() -> None:
    """Write what was read anew, where the folder can be written to."""
    if _changed:
        _changed.clear()
        try:
            with atomic_path(_file()) as partial:
                partial.write_text(json.dumps(_kept()))
        except OSError:  # read-only, or full: the next process reads the modules again
            pass


@cache
def _imports(name: str) -> list[str]:
    """Package modules that ``name`` imports directly."""
    return [found for found in _source(name).names if _path(found)]


def _names(tree: ast.Module) -> tuple[str, ...]:
    """Names inside the package that are imported; those of functions and classes as well."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(name for name in found if f"{name}.".startswith(f"{PACKAGE}."))


def _code_digest(tree: ast.Module) -> str:
    """Digest of a module as text without docstrings, comments and positions."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_docstring(body[0]):
            node.body = body[1:]
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest()


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
