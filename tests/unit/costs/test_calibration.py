"""The committed table is what the measured runs give, and predicts runs that it has not seen."""

import importlib.util

import numpy as np
import pandas as pd
import pytest
from multiome2vec.costs.table import Formula
from workflow.runner import ROOT


def script(name: str):
    """A script of benchmarks/ as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def calibrate():
    return script("calibrate")


@pytest.mark.parametrize(
    ("wall", "seen", "expected"), [(9.0, 8.5, 8.5), (30.0, 15.0, 30.0), (44.0, 15.0, 44.0),
                                   (46.0, 45.0, 46.0), (80.0, 75.0, 80.0), (35.0, 30.0, 70.0)]
)  # fmt: skip
def test_cpu_times_reach_the_end_of_a_job(wall, seen, expected):
    """Snakemake looks every half second at first, then after 15, 45, 75 ... s."""
    assert script("collect").cpu_seconds(wall, seen) == expected


def test_known_formulas_are_found(calibrate):
    rng = np.random.default_rng(0)
    jobs = pd.DataFrame({"rna": rng.uniform(1e6, 1e8, 30), "cells": rng.uniform(1e3, 1e5, 30)})
    planted = Formula(200, {"rna": 30, "cells": 5_000})
    values = pd.Series([planted.at(job) for job in jobs.to_dict("records")])
    start = Formula.parse("1 + 0 rna + 0 cells + 7 database")
    found = calibrate.fit(start, jobs.assign(database=0), values)
    assert found.constant == pytest.approx(200, rel=0.01)
    assert found.slopes == pytest.approx(planted.slopes | {"database": 7}, rel=0.01)


def test_no_slope_is_negative(calibrate):
    jobs = pd.DataFrame({"rna": [1e6, 1e7, 1e8]})
    found = calibrate.fit(Formula.parse("0 + 0 rna"), jobs, pd.Series([300.0, 200.0, 100.0]))
    assert found.slopes["rna"] == 0
    assert 100 < found.constant < 300


def test_the_table_is_fitted_to_the_committed_runs(calibrate):
    rules = calibrate.read_rules()
    pd.testing.assert_frame_equal(calibrate.calibrate(rules, calibrate.read_runs()), rules)


@pytest.mark.parametrize("run", ["demo", "pbmc10k_tiny", "scale"])
def test_runs_that_were_held_out_are_predicted(calibrate, run):
    """Memory, within a factor of 1.5; what is asked for is enough for all but few."""
    found = calibrate.held_out(run)
    memory = found[found["quantity"] == "mb"]
    assert len(memory) > 25
    assert calibrate.share_within(memory) >= 0.8
    assert (1.5 * memory["predicted"] + 250 >= memory["measured"]).mean() >= 0.95


def test_times_of_runs_that_were_held_out_are_predicted(calibrate):
    found = pd.concat([calibrate.held_out(run) for run in calibrate.RUNS])
    times = found[(found["quantity"] == "s") & (found["measured"] >= 10)]
    assert len(times) > 50
    assert calibrate.share_within(times) >= 0.85
    assert calibrate.share_within(times, 3) == 1  # what requests allow for
