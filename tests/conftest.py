"""Settings of all tests."""

import os

# One thread: on a shared machine, threads that wait for each other are slower than one alone.
os.environ.setdefault("OMP_NUM_THREADS", "1")
