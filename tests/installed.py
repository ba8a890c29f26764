"""Marks of tests that need a program which the locked environment does not bring."""

import pytest
from multiome2vec.errors import UserError
from multiome2vec.peaks.macs import find_executable


def is_installed(program: str) -> bool:
    try:
        return bool(find_executable(program, remedy=""))
    except UserError:
        return False


needs_macs2 = pytest.mark.skipif(
    not is_installed("macs2"), reason="macs2 is not installed (Debian package macs)"
)
