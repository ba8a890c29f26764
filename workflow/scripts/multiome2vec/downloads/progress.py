"""How far a download is: a bar on a terminal, lines in the log otherwise."""

import logging
import time
from typing import TextIO

from multiome2vec.downloads.units import spelt

logger = logging.getLogger(__name__)
EVERY = 30.0  # s between two lines


class Progress:
    """Progress of one file.

    Parameters
    ----------
    name
        Of the file.
    terminal
        Where the bar goes, if that is a terminal.
    """

    def __init__(self, name: str, *, terminal: TextIO | None = None):
        self._name, self._terminal = name, terminal
        self._bar = None
        self._start = self._last = time.monotonic()
        self._first = 0

    def begin(self, done: int, total: int | None) -> None:
        """Tell where a connection starts and where it should end, bytes."""
        self._start = self._last = time.monotonic()
        self._first = done
        logger.info("%s: %s of %s are there", self._name, spelt(done), spelt(total))
        if self._terminal is not None and self._terminal.isatty():
            from tqdm import tqdm

            self.end()
            self._bar = tqdm(
                desc=self._name, initial=done, total=total, file=self._terminal, leave=False,
                unit="B", unit_scale=True,
            )  # fmt: skip

    def update(self, done: int, total: int | None) -> None:
        """Tell how many bytes are there."""
        if self._bar is not None:
            self._bar.update(done - self._bar.n)
        now = time.monotonic()
        if now - self._last >= EVERY:
            speed = (done - self._first) / (now - self._start)
            left = f", {(total - done) / speed:.0f} s left" if total and speed else ""
            logger.info(
                "%s: %s of %s (%s/s%s)",
                *(self._name, spelt(done), spelt(total), spelt(speed), left),
            )
            self._last = now

    def end(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
