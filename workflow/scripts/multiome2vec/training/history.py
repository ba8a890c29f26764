"""Rows of a history in JSON, which has no NaN: what is undefined in an epoch is null there."""

import math
from collections.abc import Mapping


def to_json(row: Mapping[str, object]) -> dict[str, object]:
    """Row with None in place of NaN."""
    return {name: None if _undefined(value) else value for name, value in row.items()}


def from_json(row: Mapping[str, object]) -> dict[str, object]:
    """Undo :func:`to_json`."""
    return {name: math.nan if value is None else value for name, value in row.items()}


def _undefined(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)
