"""Requests to stop a training: signals and a time limit."""

import signal
import threading
import time
from types import FrameType

from multiome2vec.errors import UserError

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Interrupted(UserError):
    """A training was stopped before its end; its state is kept, and running it again resumes."""


class StopRequest:
    """Remembers a signal or the end of the time until the loop asks at the end of a step.

    A second signal of the same kind acts at once, as it would have without this.

    Parameters
    ----------
    catch
        Whether to catch signals; only the main thread of a process can.
    minutes
        Time limit; None for none.

    Attributes
    ----------
    reason
        What asked to stop; empty if nothing has.
    """

    def __init__(self, *, catch: bool, minutes: float | None) -> None:
        self.reason = ""
        self._catch = catch and threading.current_thread() is threading.main_thread()
        self._minutes = minutes
        self._start = time.monotonic()
        self._before: dict[int, object] = {}

    def __enter__(self) -> "StopRequest":
        if self._catch:
            self._before = {number: signal.signal(number, self._remember) for number in SIGNALS}
        return self

    def __exit__(self, *_) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def asked(self) -> bool:
        """Whether to stop."""
        if self._minutes is not None and time.monotonic() - self._start > 60 * self._minutes:
            self.reason = self.reason or f"the time limit of {self._minutes:g} minutes"
        return bool(self.reason)

    def _remember(self, number: int, _frame: FrameType | None) -> None:
        self.reason = signal.Signals(number).name
        signal.signal(number, self._before[number])
