from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "workflow" / "scripts"


@pytest.fixture(scope="module", autouse=True)
def importable_in_other_processes():
    """Let Python started by a test find the package, which is imported, not installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(PACKAGE))
        yield
