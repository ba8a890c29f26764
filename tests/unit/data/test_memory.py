"""What an epoch over a large file takes: no more with more cells."""

import io
import subprocess
import sys

import pandas as pd
import pytest
from workflow.runner import ROOT

REGIONS, OPEN = 50_000, 200


def test_an_epoch_over_a_file_takes_no_more_memory_with_ten_times_the_cells():
    """200,000 × 50,000 with 40 million counts, 200 MB of them, beside a tenth of the cells."""
    command = [sys.executable, ROOT / "benchmarks" / "data_memory.py", "--backends", "backed"]
    command += ["--cells", "20000", "200000", "--regions", str(REGIONS), "--open", str(OPEN)]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    few, many = pd.read_csv(io.StringIO(printed), sep="\t").to_dict("records")
    assert many["cells"] == 200_000
    assert many["sum"] == pytest.approx(1.3 * 200_000 * OPEN, rel=0.01)  # mean count 1 + 0.3
    assert many["peak_mb"] < 1.1 * few["peak_mb"]
