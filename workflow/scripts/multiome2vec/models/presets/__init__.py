"""Presets: named hyperparameters that turn the shapes of the data into a model's configuration.

A preset is a frozen dataclass of hyperparameters, registered by name, with a property
``optimisation`` (:class:`~multiome2vec.models.config.Optimisation`), fields ``n_hvg`` and
``n_regions`` (features to model) and a method ``model(shapes, *, n_batches)`` that returns a
:class:`~multiome2vec.models.config.ModelConfig`.
"""

from dataclasses import fields
from difflib import get_close_matches

from multiome2vec.errors import UserError
from multiome2vec.registry import Registry

REGISTRY = Registry("multiome2vec.models.presets", kind="model")


def configure(preset: str, hyper: dict):
    """Return the preset with the hyperparameters ``hyper``; those left out keep their defaults.

    Raises
    ------
    UserError
        If there is no such preset, or it has no such hyperparameter.
    """
    entry = REGISTRY.get(preset)
    known = [field.name for field in fields(entry)]
    for name in hyper:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            raise UserError(
                f"Model preset '{preset}' has no hyperparameter '{name}'.{hint} "
                f"Known: {', '.join(known)}."
            )
    return entry(**hyper)
