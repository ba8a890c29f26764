"""What a user sees on the terminal of a job that fails, and what its log keeps."""

import subprocess
import sys

import pytest

JOB = """
from multiome2vec.errors import UserError
from multiome2vec.logs import job

with job({log!r}):
    print("begun")
    {body}
"""


def run(tmp_path, body):
    """Exit code, terminal and log of a job with this body."""
    log = tmp_path / "logs" / "job.log"
    command = [sys.executable, "-c", JOB.format(log=str(log), body=body)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr, log.read_text()


def test_a_job_prints_to_its_log(tmp_path):
    code, seen, log = run(tmp_path, "pass")
    assert (code, seen, log) == (0, "", "begun\n")


def test_an_error_of_the_user_is_a_message_without_traceback(tmp_path):
    code, seen, log = run(tmp_path, "raise UserError('Row 3 has no sample.')")
    assert (code, seen) == (1, "\nERROR: Row 3 has no sample.\n")
    assert "Row 3 has no sample." in log
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise OSError(28, 'No space left on device')", "The disk is full"),
        ("raise OSError(122, 'Disk quota exceeded')", "The disk is full"),
        ("raise RuntimeError('write failed: No space left on device')", "The disk is full"),
        ("exec('try: raise OSError(28, str())\\nexcept OSError as e: raise ValueError from e')",
         "The disk is full"),
        ("raise MemoryError", "The job ran out of memory"),
    ],
)  # fmt: skip
def test_the_end_of_disk_or_memory_is_told_and_the_traceback_kept(tmp_path, body, message):
    code, seen, log = run(tmp_path, body)
    assert code == 1
    assert seen.startswith(f"\nERROR: {message}")
    assert "Traceback" not in seen
    assert "Traceback" in log


def test_any_other_error_fails_with_its_traceback(tmp_path):
    code, seen, log = run(tmp_path, "raise KeyError('leiden')")
    assert code == 1
    assert "KeyError" in log
    assert "ERROR" not in seen
