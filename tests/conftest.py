"""Settings of all tests."""

import os
import signal
import sys
from pathlib import Path

import pytest

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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Give a file, or what belongs together, to one process (pytest -n 2 --dist loadgroup)."""
    for item in items:
        file = item.path.relative_to(TESTS).as_posix()
        group = next((name for name in TOGETHER if file.startswith(name)), file)
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: _place(item.path.relative_to(TESTS).as_posix()))


def _place(file: str) -> int:
    """Long files first, so that no process is left with one of them at the end."""
    return next((i for i, name in enumerate(TOGETHER) if file.startswith(name)), len(TOGETHER))
