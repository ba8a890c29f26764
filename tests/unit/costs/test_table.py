"""Requests from the table of costs."""

import pytest
from multiome2vec.costs.table import (
    COLUMNS,
    LEAST_MB,
    LEAST_MINUTES,
    Cost,
    Line,
    memory_request,
    read_table,
    term,
    time_request,
)
from multiome2vec.errors import UserError

SIZES = {"cells": 1e4, "regions": 1e5, "rna": 2e7, "atac": 6e7}


def test_terms_are_sums_of_products():
    assert term("", SIZES) == 0
    assert term("cells", SIZES) == 1e4
    assert term("rna+atac", SIZES) == 8e7
    assert term("cells*regions+rna", SIZES) == 1e9 + 2e7


def test_requests_are_predictions_with_a_margin():
    cost = Cost(mb=Line("atac", 300, 20), s=Line("cells*regions", 60, 6))
    assert cost.mb.at(SIZES) == 300 + 20 * 60
    assert cost.s.at(SIZES) == 60 + 6 * 1000
    assert memory_request(cost, SIZES) == 2_500  # 1.5 × 1,500 + 250
    assert time_request(cost, SIZES) == 303  # 3 × 6,060 s


@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_further_attempts_ask_for_twice_as_much(attempt):
    large = Cost(mb=Line("atac", 300, 20), s=Line("atac", 60, 100))
    small = Cost(mb=Line("", 10, 0), s=Line("", 1, 0))
    factor = 2 ** (attempt - 1)
    assert memory_request(large, SIZES, attempt) == 2_500 * factor
    assert time_request(large, SIZES, attempt) == 303 * factor
    assert memory_request(small, SIZES, attempt) == LEAST_MB * factor
    assert time_request(small, SIZES, attempt) == LEAST_MINUTES * factor


def write(path, *rows: str):
    path.write_text("\t".join(COLUMNS) + "\n" + "".join(f"{row}\n" for row in rows))
    return path


def test_the_table_is_read(tmp_path):
    path = write(tmp_path / "t.tsv", "a\t\tatac\t300\t20\t\t5\t0\t3\t", "b\ta\t\t\t\t\t\t\t0\tas a")
    costs = read_table(path)
    assert costs["a"] == costs["b"] == Cost(mb=Line("atac", 300, 20), s=Line("", 5, 0))


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ("a\t\tpeaks\t1\t1\t\t1\t0\t3\t", "a depends on 'peaks', which is none of cells"),
        ("a\tz\t\t\t\t\t\t\t0\t", "a is like z, which has no figures"),
        ("b\t\t\t1\t0\t\t1\t0\t1\t", "has a rule twice"),
    ],
)
def test_faults_of_the_table_are_named(tmp_path, row, text):
    path = write(tmp_path / "t.tsv", "b\t\t\t1\t0\t\t1\t0\t1\t", row)
    with pytest.raises(UserError, match=text):
        read_table(path)
    path.write_text("rule\tmb\n")
    with pytest.raises(UserError, match="the columns must be rule, like"):
        read_table(path)
