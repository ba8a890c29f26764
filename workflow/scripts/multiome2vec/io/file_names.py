"""Names of labels, topics and groups as names of files."""

import re
from collections.abc import Sequence


def file_names(names: Sequence[str]) -> list[str]:
    """Make each name a safe stem: letters, digits and ``_ . -``; unique where case is ignored."""
    found: list[str] = []
    for name in names:
        safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", name).lstrip(".-") or "group"
        candidate, number = safe, 2
        while candidate.lower() in map(str.lower, found):
            candidate, number = f"{safe}-{number}", number + 1
        found.append(candidate)
    return found
