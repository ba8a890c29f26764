"""Presets: named hyperparameters.

One module per preset, which registers an instance of
:class:`~multiome2vec.presets._hyperparameters.Hyperparameters` under its name.
"""

from dataclasses import fields, replace
from difflib import get_close_matches
from importlib import import_module

from multiome2vec.errors import UserError
from multiome2vec.registry import Registry

REGISTRY = Registry("multiome2vec.presets", kind="model")
#: settings that have one value of another type than all others: this one, and an example of those
EITHER = {"n_components": ("auto", 10), "target_loss": (None, 100.0), "kl_c_weight": (None, 0.1)}


def configure(preset: str, hyper: dict):
    """Return the preset with the hyperparameters ``hyper``; those left out keep their defaults.

    Settings by kind of values are merged with the preset's, lists replace.

    Raises
    ------
    UserError
        If there is no such preset, or it has no such hyperparameter.
    """
    settings = REGISTRY.get(preset)
    known = [field.name for field in fields(settings)]
    for name in hyper:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            raise UserError(
                f"Model preset '{preset}' has no hyperparameter '{name}'.{hint} "
                f"Known: {', '.join(known)}."
            )
    changes = {}
    for name, value in hyper.items():
        default = getattr(settings, name)
        _check_type(name, value, default)
        if isinstance(default, dict):
            value = {**default, **value}
        changes[name] = tuple(value) if isinstance(value, list) else value
    return replace(settings, **changes)


def describe() -> dict[str, str]:
    """First line of the documentation of every preset, by name."""
    lines = {}
    for name in REGISTRY.names():
        text = import_module(REGISTRY.module(name)).__doc__.splitlines()[0]
        lines[name] = text.removeprefix(f"``{name}``: ")
    return lines


def _check_type(name: str, value: object, default: object) -> None:
    """Refuse a value that is of another type than the default."""
    if name in EITHER:
        special, default = EITHER[name]
        if value == special:
            return
    known = {bool: bool, int: int, float: (int, float), str: str, tuple: (tuple, list), dict: dict}
    wanted = known.get(type(default), object)
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted not in (bool, object)):
        kind = "list" if isinstance(default, tuple) else type(default).__name__
        other = f" or {special!r}," if name in EITHER else ""
        raise UserError(
            f"'{name}' must be of type {kind}, such as {default!r},{other} not {value!r}."
        )
