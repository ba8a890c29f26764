"""Room on the disk."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from multiome2vec.downloads.units import spelt
from multiome2vec.errors import UserError
from multiome2vec.logs import FULL

SPARE = 64 << 20  # bytes that stay free


def require_space(folder: Path, needed: int, *, what: str) -> None:
    """Refuse a file that does not fit.

    Raises
    ------
    UserError
        Says how much is missing.
    """
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE:
        raise UserError(
            f"No room for {what} in {folder}: it needs {spelt(needed)} more, and {spelt(free)} are "
            "free. Free some, or make resources/downloads a link to a larger disk."
        )


@contextmanager
def told_when_full(target: Path) -> Iterator[None]:
    """Turn a disk that fills up on the way into a message.

    Raises
    ------
    UserError
        In place of the error of the operating system.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise UserError(
            f"The disk of {target.parent} became full while {target.name} was written "
            f"({error.strerror}). Free some room and run the same command again."
        ) from None
