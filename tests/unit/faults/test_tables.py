"""The tables on top of the files beside this one name tests that exist, for every fault."""

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TESTS = HERE.parents[1]
SYSTEMS = sorted(HERE.glob("test_s*.py"))
#: faults that the description of each public system lists
COUNTS = {"test_s0": 9, "test_s1": 8, "test_s2": 9, "test_s3": 11, "test_s4": 15}


def entries(path):
    """Text of each numbered entry of a file's table."""
    table = ast.get_docstring(ast.parse(path.read_text()))
    return re.split(r"^\d+\. ", table, flags=re.MULTILINE)[1:]


def functions_of(path):
    """Names of the tests that a file defines."""
    found = ast.walk(ast.parse(path.read_text()))
    return {node.name for node in found if isinstance(node, ast.FunctionDef)}


def test_every_system_has_its_table():
    assert {path.stem for path in SYSTEMS} == set(COUNTS)


@pytest.mark.parametrize("path", SYSTEMS, ids=lambda path: path.stem)
def test_every_fault_has_a_test_that_exists(path):
    assert len(entries(path)) == COUNTS[path.stem]
    for entry in entries(path):
        named = re.findall(r"(here|[\w/.-]+\.py)::(test_\w+)", entry)
        assert named, f"no test for: {entry}"
        for file, test in named:
            where = path if file == "here" else TESTS / file
            assert test in functions_of(where), f"{file} has no {test}"


@pytest.mark.parametrize("path", SYSTEMS, ids=lambda path: path.stem)
def test_every_test_is_in_the_table(path):
    table = ast.get_docstring(ast.parse(path.read_text()))
    assert all(f"here::{test}" in table for test in functions_of(path) if test.startswith("test_"))
