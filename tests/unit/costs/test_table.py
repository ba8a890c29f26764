"""Requests from the table of costs."""

import pytest
from multiome2vec.costs.table import (
    COLUMNS,
    LEAST_MB,
    LEAST_MINUTES,
    Cost,
    Formula,
    memory_request,
    read_table,
    time_request,
    value,
)
from multiome2vec.errors import UserError

SIZES = {"cells": 1e4, "regions": 1e5, "rna": 2e7, "atac": 6e7}


def test_terms_are_sums_of_products():
    assert value("cells", SIZES) == 1e4
    assert value("rna+atac", SIZES) == 8e7
    assert value("cells*regions+rna", SIZES) == 1e9 + 2e7
    assert value("rna^0.5", {"rna": 9e6}) == pytest.approx(3e6)  # the root of 9 million


def test_formulas_are_read_and_written():
    formula = Formula.parse("300 + 20 rna+atac + 0.5 cells*regions")
    assert formula == Formula(300, {"rna+atac": 20, "cells*regions": 0.5})
    assert str(formula) == "300 + 20 rna+atac + 0.5 cells*regions"
    assert formula.at(SIZES) == 300 + 20 * 80 + 0.5 * 1000
    assert Formula.parse("7").at({}) == 7


def test_requests_are_predictions_with_a_margin():
    cost = Cost(mb=Formula.parse("300 + 20 atac"), s=Formula.parse("60 + 6 cells*regions"))
    assert memory_request(cost, SIZES) == 2_500  # 1.5 × 1,500 + 250
    assert time_request(cost, SIZES) == time_request(cost, SIZES, threads=2) == 303  # 3 × 6,060 s
    assert time_request(cost, SIZES, threads=8) == 76  # half of eight cores
    assert time_request(cost, SIZES, gpus=1) == 38


@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_further_attempts_ask_for_twice_as_much(attempt):
    large = Cost(mb=Formula.parse("300 + 20 atac"), s=Formula.parse("60 + 100 atac"))
    small = Cost(mb=Formula.parse("10"), s=Formula.parse("1"))
    factor = 2 ** (attempt - 1)
    assert memory_request(large, SIZES, attempt) == 2_500 * factor
    assert time_request(large, SIZES, attempt) == 303 * factor
    assert memory_request(small, SIZES, attempt) == LEAST_MB * factor
    assert time_request(small, SIZES, attempt) == LEAST_MINUTES * factor


def write(path, *rows: str):
    path.write_text("\t".join(COLUMNS) + "\n" + "".join(f"{row}\n" for row in rows))
    return path


def test_the_table_is_read(tmp_path):
    path = write(tmp_path / "t.tsv", "a\t\t300 + 20 atac\t5\t3\t", "b\ta\t\t\t0\tas a")
    costs = read_table(path)
    assert costs["a"] == costs["b"] == Cost(mb=Formula(300, {"atac": 20}), s=Formula(5, {}))


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ("a\t\t1 + 2 peaks\t1\t3\t", "formulas of a cannot be read: 'peaks' is none of cells"),
        ("a\t\t1 + 2 cells*peaks\t1\t3\t", "'peaks' is none of cells"),
        ("a\t\tmuch\t1\t3\t", "formulas of a cannot be read"),
        ("a\tz\t\t\t0\t", "formulas of a cannot be read"),
        ("b\t\t1\t1\t3\t", "has a rule twice"),
    ],
)
def test_faults_of_the_table_are_named(tmp_path, row, text):
    path = write(tmp_path / "t.tsv", "b\t\t1\t1\t3\t", row)
    with pytest.raises(UserError, match=text):
        read_table(path)
    path.write_text("rule\tmb\n")
    with pytest.raises(UserError, match="the columns must be rule, like"):
        read_table(path)
