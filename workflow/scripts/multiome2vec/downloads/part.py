"""The unfinished file beside a target, and what is known of where it comes from."""

import fcntl
import json
from pathlib import Path
from typing import BinaryIO

from multiome2vec.errors import UserError


class Part:
    """Unfinished download of ``target``, for one process at a time; without bytes, it goes away.

    Two hidden files beside the target: ``.<name>.part`` with the bytes so far and
    ``.<name>.part.json`` with their source, so that a later run can go on.

    Attributes
    ----------
    path
        Of the bytes.
    url, validator, total
        Source of the bytes; empty or None if there are none.
    """

    def __init__(self, target: Path):
        self.path = target.with_name(f".{target.name}.part")
        self._state = target.with_name(f".{target.name}.part.json")
        self._target = target
        self._file: BinaryIO | None = None

    def __enter__(self) -> "Part":
        """Open and lock.

        Raises
        ------
        UserError
            If another process downloads the same file.
        """
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self.path, "a+b", buffering=0)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise UserError(
                f"{self._target} is being downloaded by another process (a second run, or one that "
                "outlived a killed run). Wait for it, or end it."
            ) from None
        self._recall()
        return self

    def __exit__(self, *_):
        if not self.size:
            self._remove()
        self._file.close()

    def _recall(self) -> None:
        """Read where the bytes come from; bytes of unknown origin are dropped."""
        try:
            known = json.loads(self._state.read_text())
            self.url, self.validator, self.total = (
                known[key] for key in ("url", "validator", "total")
            )
        except (FileNotFoundError, ValueError, KeyError):
            self.drop()

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._file.seek(0, 2)

    def begin(self, *, url: str, validator: str, total: int | None) -> None:
        """Write down the source, before the first of its bytes."""
        self.url, self.validator, self.total = url, validator, total
        state = {"url": url, "validator": validator, "total": total}
        fresh = self._state.with_name(f"{self._state.name}.new")
        fresh.write_text(json.dumps(state))
        fresh.replace(self._state)

    def drop(self) -> None:
        """Forget the bytes."""
        self.url, self.validator, self.total = "", "", None
        self._file.truncate(0)

    def tail(self, n: int) -> bytes:
        """Return the last ``n`` bytes."""
        self._file.seek(-n, 2)
        return self._file.read(n)

    def append(self, block: bytes) -> None:
        """Add bytes at the end."""
        view = memoryview(block)
        while view:
            view = view[self._file.write(view) :]

    def finish(self) -> None:
        """Make it the target."""
        self.path.replace(self._target)
        self._state.unlink(missing_ok=True)

    def _remove(self) -> None:
        self.path.unlink(missing_ok=True)
        self._state.unlink(missing_ok=True)
