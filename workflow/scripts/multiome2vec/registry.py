"""Registries of interchangeable methods, imported by name.

A registry belongs to one sub-package in which every public module defines one method of the same
name (``-`` in a method's name is ``_`` in the module's). ``get`` imports only the module asked for,
so a job loads, and its source digest covers, one engine and not its siblings.
"""

import importlib
import pkgutil
from collections.abc import Callable
from difflib import get_close_matches

from multiome2vec.errors import UserError


class Registry:
    """Methods of one kind, such as peak callers.

    Parameters
    ----------
    package
        Dotted name of the sub-package whose modules register themselves.
    kind
        What the methods are, for messages ("peak caller").
    """

    def __init__(self, package: str, *, kind: str) -> None:
        self.package = package
        self.kind = kind
        self._found: dict[str, object] = {}

    def register(self, name: str) -> Callable:
        """Return a decorator that files its function or class under ``name``."""

        def decorate(entry):
            self._found[name] = entry
            return entry

        return decorate

    def names(self) -> list[str]:
        """Names of all methods, found without importing them."""
        path = importlib.import_module(self.package).__path__
        modules = (m.name for m in pkgutil.iter_modules(path) if not m.name.startswith("_"))
        return sorted(name.replace("_", "-") for name in modules)

    def module(self, name: str) -> str:
        """Dotted name of the module that defines ``name`` (for source digests).

        Raises
        ------
        UserError
            If there is no such method; the message lists those that exist.
        """
        if name not in self.names():
            close = get_close_matches(name, self.names(), n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            raise UserError(
                f"Unknown {self.kind} '{name}'.{hint} Known: {', '.join(self.names())}."
            )
        return f"{self.package}.{name.replace('-', '_')}"

    def get(self, name: str):
        """Import and return the method registered as ``name``."""
        importlib.import_module(self.module(name))
        return self._found[name]
