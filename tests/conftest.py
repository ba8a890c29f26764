"""Settings of all tests."""

import os
import signal
import sys
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

TESTS = Path(__file__).parent
#: tests that one process has to make, as they share a daemon or a trained model; longest first
TOGETHER = ("workflow/cluster", "workflow/test_reruns.py", "unit/tasks")

# One thread: on a shared machine, threads that wait for each other are slower than one alone.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell's background jobs ignore Ctrl-C, and so would the tests of it.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup():
    """Hold torch to one thread: tests of scanpy give OpenMP all cores, which slows tiny models."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


class Together(LoadScopeScheduling):
    """Gives a file, or what belongs together, to one process."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0].removeprefix("tests/")
        return next((name for name in TOGETHER if file.startswith(name)), file)


def pytest_xdist_make_scheduler(config, log):
    """Say what pytest's processes share (pytest -n 2)."""
    config.option.loadscopereorder = False
    return Together(config, log)


def pytest_collection_modifyitems(items):
    """Put long files first, so that no process is left with one of them at the end."""
    items.sort(key=lambda item: _place(item.path.relative_to(TESTS).as_posix()))


def _place(file: str) -> int:
    return next((i for i, name in enumerate(TOGETHER) if file.startswith(name)), len(TOGETHER))
