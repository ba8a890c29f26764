"""A real SLURM on this machine, and the tiny run by profiles/slurm."""

import os
import shutil
from pathlib import Path

import pytest
from workflow.cluster.slurm import Cluster

#: why this machine cannot have the SLURM of these tests; empty if it can
UNFIT = "" if os.geteuid() == 0 and shutil.which("apt-get") else "needs root on Debian"


def pytest_collection_modifyitems(items):
    """Mark all tests of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.cluster)
            item.add_marker(pytest.mark.skipif(bool(UNFIT), reason=UNFIT))


@pytest.fixture(scope="session")
def cluster():
    """SLURM with a partition cpu and a partition gpu."""
    found = Cluster()
    found.up()
    yield found
    found.down()
