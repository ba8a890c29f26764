"""Settings of all tests."""

import os
import sys

# One thread: on a shared machine, threads that wait for each other are slower than one alone.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_runtest_setup():
    """Hold torch to one thread: tests of scanpy give OpenMP all cores, which slows tiny models."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
