"""Logging of a job: records, warnings and uncaught errors go to the rule's log file."""

import errno
import logging
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from multiome2vec.errors import UserError

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
FULL = (errno.ENOSPC, errno.EDQUOT)
#: as the writers of HDF5, zarr, arrow and safetensors pass the system's error on
FULL_TEXTS = ("No space left on device", "Disk quota exceeded", f"os error {errno.ENOSPC}")


@contextmanager
def job(log: str, *, threads: int = 1) -> Iterator[logging.Logger]:
    """Run the body of a rule's adapter: everything printed or logged goes to the file ``log``.

    File descriptors 1 and 2 are redirected, so output of compiled libraries and child processes is
    kept as well. A :class:`UserError` ends the job with its message alone, on the terminal too; any
    other exception keeps its traceback in the log, and that the disk is full or the memory at its
    end is told on the terminal.

    Parameters
    ----------
    log
        Path of the log file.
    threads
        Threads that BLAS, OpenMP, numba and polars may use (torch follows OpenMP). Set before
        those libraries are imported, so adapters import their step inside the ``with`` block.
    """
    for library in ("OMP", "OPENBLAS", "MKL", "NUMBA", "NUMEXPR", "VECLIB"):
        os.environ[f"{library}_NUM_THREADS"] = str(threads)
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    with open(log, "w", buffering=1) as file:
        kept = os.dup(2)
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=FORMAT, force=True)
        logging.captureWarnings(capture=True)
        logger = logging.getLogger("multiome2vec")
        try:
            yield logger
        except UserError as error:
            logger.error("%s", error)
            os.write(kept, f"\nERROR: {error}\n".encode())
            raise SystemExit(1) from None
        except BaseException as error:
            logger.exception("The step failed.")
            hardship = _hardship(error)
            if not hardship:
                raise
            os.write(kept, f"\nERROR: {hardship}\n".encode())
            raise SystemExit(1) from None
        finally:
            sys.stdout.flush()
            sys.stderr.flush()


def _hardship(error: BaseException) -> str:
    """Say what the user must know of an error that the machine is to blame for, else nothing."""
    if isinstance(error, MemoryError):
        return (
            "The job ran out of memory. Give it more: --set-resources <rule>:mem_mb=<MB>; on one "
            "machine run fewer jobs at a time (--cores, or --resources mem_mb=<MB there are>)."
        )
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(cause)
    full = any(
        (isinstance(one, OSError) and one.errno in FULL)
        or any(text in str(one) for text in FULL_TEXTS)
        for one in chain
    )
    if not full:
        return ""
    return (
        "The disk is full, or your quota is. Nothing half written is kept: free some room and run "
        "the same command again."
    )


def progress(items: Iterable, *, total: int, what: str, every: float = 15.0) -> Iterator:
    """Yield ``items`` showing progress: a bar on a terminal, else a log line every ``every`` s."""
    if sys.stderr.isatty():
        from tqdm import tqdm

        yield from tqdm(items, total=total, desc=what)
        return
    logger = logging.getLogger("multiome2vec")
    start = last = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - last >= every or done == total:
            logger.info("%s: %d of %d (%.0f s)", what, done, total, now - start)
            last = now
