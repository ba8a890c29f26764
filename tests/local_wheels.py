"""Folders of wheels that ``make setup`` takes packages from before it asks PyPI."""

import os
from pathlib import Path


def wheel_folders() -> list[str]:
    """Folder of the wheels that make setup has built, and those of ``PIP_FIND_LINKS``."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folders = [str(cache / "multiome2vec" / "wheels")]
    folders += os.environ.get("PIP_FIND_LINKS", "").split()
    return [folder for folder in folders if Path(folder).is_dir()]
