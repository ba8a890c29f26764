"""What a training says while it runs: a bar or log lines, and a file of metrics."""

import json
import logging
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from multiome2vec.io.atomic import atomic_path
from multiome2vec.training.history import to_json
from multiome2vec.training.settings import RunSettings

logger = logging.getLogger(__name__)


class Report:
    """One line per epoch in a JSON Lines file; a bar on a terminal, else a log line now and then.

    In the file a number that is undefined (NaN) is null.

    Parameters
    ----------
    history
        Rows of the epochs before this run; a metrics file is rewritten to hold exactly these, after
        those of the stages before.
    total
        Epochs at most.
    active
        Whether to say anything: true in one process of a group.
    stage
        Name of this stage of the training, the first field of its lines.
    earlier
        Rows of the stages before, by name.
    """

    def __init__(
        self,
        settings: RunSettings,
        *,
        history: Sequence[Mapping],
        total: int,
        active: bool,
        stage: str,
        earlier: Mapping[str, Sequence[Mapping]],
    ) -> None:
        self.settings = settings
        self.stage = stage
        self._metrics = Path(settings.metrics) if settings.metrics and active else None
        self._active = active
        self._start = self._last = time.monotonic()
        self._bar = None
        if self._metrics:
            with atomic_path(self._metrics) as partial:
                stages = {**earlier, stage: history}
                lines = [_line(row, name) for name, rows in stages.items() for row in rows]
                partial.write_text("".join(lines))
        if active and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=total, initial=len(history), desc=stage, unit="epoch")

    def __enter__(self) -> "Report":
        return self

    def __exit__(self, *_) -> None:
        if self._bar is not None:
            self._bar.close()

    def epoch(self, row: dict) -> None:
        """Tell of an epoch that is over."""
        if self._metrics:
            with self._metrics.open("a") as file:
                file.write(_line(row, self.stage))
        if self._bar is not None:
            self._bar.set_postfix(val_loss=f"{row['val_loss']:.2f}", refresh=False)
            self._bar.update()
        elif self._active:
            self._log(row)

    def _log(self, row: dict) -> None:
        now = time.monotonic()
        late = now - self._last >= self.settings.log_seconds
        if row["epoch"] % self.settings.log_epochs and not late:
            return
        self._last = now
        logger.info(
            "%s, epoch %d: training loss %.2f, validation loss %.2f, rate %.1e (%.0f s)",
            self.stage,
            row["epoch"],
            row["train_loss"],
            row["val_loss"],
            row["lr"],
            now - self._start,
        )


def _line(row: Mapping, stage: str) -> str:
    return json.dumps({"stage": stage, **to_json(row)}, allow_nan=False) + "\n"
