"""Digest of the package source that a rule depends on.

A rule that calls the package through a thin adapter would not notice an edited module. Every rule
therefore carries ``code=source_digest("multiome2vec.steps.<step>")`` among its ``params``, and
Snakemake re-runs it exactly when the code it reaches has changed. Comments and docstrings do not
count.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = "multiome2vec"
ROOT = Path(__file__).parent


def source_digest(*modules: str) -> str:
    """Digest the syntax trees of ``modules`` and of everything in the package they import.

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
    text = "".join(f"{name}\n{_tree(name)}\n" for name in sorted(reached_modules(*modules)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


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


@cache
def _parse(name: str) -> ast.Module:
    path = _path(name)
    if path is None:
        raise ModuleNotFoundError(f"No module named '{name}' in {ROOT}.")
    return ast.parse(path.read_text())


@cache
def _imports(name: str) -> tuple[str, ...]:
    """Package modules that ``name`` imports directly."""
    found = []
    for node in ast.walk(_parse(name)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            members = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [node.module, *(m for m in members if _inside(m) and _path(m))]
    return tuple(module for module in found if _inside(module))


def _inside(module: str) -> bool:
    return module == PACKAGE or module.startswith(f"{PACKAGE}.")


@cache
def _tree(name: str) -> str:
    """Syntax tree of a module as text, without docstrings, comments and positions."""
    tree = ast.parse(ast.unparse(_parse(name)))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_docstring(body[0]):
            node.body = body[1:]
    return ast.dump(tree)


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
