"""Settings of all tests."""

import os
import signal
import sys

# One thread: on a shared machine, threads that wait for each other are slower than one alone.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell's background jobs ignore Ctrl-C, and so would the tests of it.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup():
    """Hold torch to one thread: tests of scanpy give OpenMP all cores, which slows tiny models."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
