"""What the checks found: one row each, with severity, place and remedy."""

import logging
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd

from multiome2vec.errors import UserError

ERROR, WARNING, INFO, OK = "error", "warning", "info", "ok"
SEVERITIES = (ERROR, WARNING, INFO, OK)
COLUMNS = ("severity", "check", "sample", "file", "problem", "remedy")
#: what reading a damaged file may raise besides messages for the user
DAMAGE = (OSError, EOFError, UnicodeDecodeError, zlib.error)


class Findings:
    """Rows of the table of checks."""

    def __init__(self) -> None:
        self.rows: list[dict[str, str]] = []

    def add(
        self, severity: str, check: str, problem: str, *, sample: str = "", file: str = "",
        remedy: str = "",
    ) -> None:  # fmt: skip
        """Add a row; where there is no problem, `problem` says what was found."""
        values = (severity, check, sample, file, problem, remedy)
        row = dict(zip(COLUMNS, values, strict=True))
        if row not in self.rows:  # checks within checks hear the same warnings
            self.rows.append(row)

    @contextmanager
    def check(self, check: str, *, sample: str = "", file: str = "") -> Iterator[None]:
        """Run a check: what it raises and what it logs as warnings become rows."""
        with _listening() as heard:
            try:
                yield
            except UserError as error:
                self.add(ERROR, check, error.problem, sample=sample, file=file, remedy=error.remedy)
            except DAMAGE as error:
                self.add(
                    ERROR, check, f"{file} cannot be read ({error}).", sample=sample, file=file,
                    remedy="Is it whole, and may you read it?",
                )  # fmt: skip
        for message in heard:
            self.add(WARNING, check, message, sample=sample, file=file)

    def table(self) -> pd.DataFrame:
        """All rows, the worst first, else in the order in which they were found."""
        table = pd.DataFrame(self.rows, columns=list(COLUMNS))
        order = table["severity"].map(SEVERITIES.index)
        return table.iloc[order.argsort(kind="stable")].reset_index(drop=True)

    def text(self) -> str:
        """Rows for a terminal, without those where all is well, and how many of each there are."""
        table = self.table()
        rows = [
            f"{row.severity:<8}{row.check} {row.sample or row.file}: {row.problem}"
            + (f"\n        -> {row.remedy}" if row.remedy else "")
            for row in table[table["severity"] != OK].itertuples()
        ]
        counts = table["severity"].value_counts()
        summary = ", ".join(f"{counts[name]} {name}" for name in SEVERITIES if name in counts)
        return "\n".join([*rows, f"Checks: {summary}."]) + "\n"

    def require_none(self) -> None:
        """Raise a :class:`UserError` that lists all errors, if there are any."""
        table = self.table()
        wrong = table[table["severity"] == ERROR]
        if len(wrong):
            lines = [
                f"[{' '.join(filter(None, (row.check, row.sample)))}] "
                f"{' '.join(filter(None, (row.problem, row.remedy)))}"
                for row in wrong.itertuples()
            ]
            raise UserError("The inputs have problems:\n  " + "\n  ".join(lines))


class _Listener(logging.Handler):
    """Keeps the messages of warnings."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        self.heard.append(record.getMessage())


@contextmanager
def _listening() -> Iterator[list[str]]:
    """Yield the warnings that the package logs meanwhile."""
    listener, logger = _Listener(), logging.getLogger("multiome2vec")
    logger.addHandler(listener)
    try:
        yield listener.heard
    finally:
        logger.removeHandler(listener)
