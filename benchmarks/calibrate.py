"""Fit what the rules cost to measured runs: python benchmarks/calibrate.py.

Reads the tables that `benchmarks/collect.py` wrote and writes the figures of workflow/resources.tsv
anew; the terms of its formulas are chosen by hand there, and so are all figures of rules whose
number of jobs is 0. `--hold-out NAME` leaves the run of that name out,
writes nothing, and compares what is then predicted for it with what was measured.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from multiome2vec.costs.table import COLUMNS, MILLION, Formula, value
from scipy.optimize import nnls

HERE = Path(__file__).parent
TABLE = HERE.parent / "workflow" / "resources.tsv"
RUNS = (
    "tiny", "demo", "mosaic", "simulated", "bmmc_starter", "pbmc10k_tiny", "chr22_scatac",
    "scale_4k", "scale",
)  # fmt: skip
QUANTITIES = {"mb": "peak_mb", "s": "cpu_s"}
SAMPLED = 50  # MB below which a job ended before its memory was looked at
LEAST = {"mb": 0, "s": 1}  # shorter times are not resolved
POWER = 0.75
WITHIN = 1.5


def read_runs() -> pd.DataFrame:
    """Jobs of all runs, with the name of the run."""
    tables = [pd.read_csv(HERE / f"{run}.tsv", sep="\t").assign(run=run) for run in RUNS]
    jobs = pd.concat(tables, ignore_index=True)
    return jobs[jobs["peak_mb"] >= SAMPLED]


def read_rules() -> pd.DataFrame:
    """Read the table of costs, as texts."""
    return pd.read_csv(TABLE, sep="\t", keep_default_na=False, dtype=str).set_index("rule")


def fit(start: Formula, jobs: pd.DataFrame, values: pd.Series) -> Formula:
    """Fit constant and slopes, none negative, by least squares.

    Slopes over sizes that no job has, such as of given databases, are left as they are.
    Errors are weighed by the values to the power of :data:`POWER`: more than in proportion to large
    ones, which matter most, and less than to absolute errors.
    """
    there = jobs.to_dict("records")
    terms = [of for of in start.slopes if any(value(of, job) for job in there)]
    sizes = [[1, *(value(of, job) / MILLION for of in terms)] for job in there]
    weights = values.to_numpy(float) ** POWER
    found = nnls(np.array(sizes) / weights[:, None], values.to_numpy(float) / weights)[0]
    constant, *slopes = (float(f"{one:.3g}") for one in found)
    return Formula(constant, start.slopes | dict(zip(terms, slopes, strict=True)))


def measured_values(jobs: pd.DataFrame, quantity: str) -> pd.Series:
    """Memory or time of jobs, as far as it was resolved."""
    return jobs[QUANTITIES[quantity]].clip(lower=LEAST[quantity])


def calibrate(rules: pd.DataFrame, jobs: pd.DataFrame) -> pd.DataFrame:
    """Figures of every rule of which there are jobs, beside those of the others."""
    rules = rules.copy()
    for rule, row in rules.iterrows():
        mine = jobs[jobs["rule"] == rule]
        if row["jobs"] == "0" or mine.empty:
            continue
        for name in QUANTITIES:
            start = Formula.parse(row[name])
            rules.loc[rule, name] = str(fit(start, mine, measured_values(mine, name)))
        rules.loc[rule, "jobs"] = str(len(mine))
    return rules


def compare(rules: pd.DataFrame, jobs: pd.DataFrame) -> pd.DataFrame:
    """Tell what is predicted for jobs, what was measured, and the ratio of the two."""
    found = []
    for rule, mine in jobs.groupby("rule"):
        if rule not in rules.index or rules.loc[rule, "jobs"] == "0":
            continue
        for name in QUANTITIES:
            formula = Formula.parse(rules.loc[rule, name])
            predicted = [formula.at(job) for job in mine.to_dict("records")]
            columns = {"run": mine["run"], "rule": rule, "job": mine["job"], "quantity": name}
            columns |= {"measured": measured_values(mine, name), "predicted": predicted}
            found.append(pd.DataFrame(columns))
    table = pd.concat(found, ignore_index=True)
    return table.assign(ratio=table["predicted"] / table["measured"])


def share_within(table: pd.DataFrame, factor: float = WITHIN) -> float:
    """Share of the jobs that are predicted within a factor."""
    return float((np.abs(np.log(table["ratio"])) <= np.log(factor)).mean())


def held_out(run: str) -> pd.DataFrame:
    """Predictions of a run by the others."""
    jobs = read_runs()
    rules = calibrate(read_rules(), jobs[jobs["run"] != run])
    return compare(rules, jobs[jobs["run"] == run])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hold-out", choices=RUNS)
    options = parser.parse_args()
    if options.hold_out:
        found = held_out(options.hold_out)
        print(found.round(2).to_string(index=False))
        for name, of_one in found.groupby("quantity"):
            print(f"{name}: {share_within(of_one):.0%} of {len(of_one)} jobs within {WITHIN}")
    else:
        fitted = calibrate(read_rules(), read_runs()).reset_index()
        fitted[list(COLUMNS)].to_csv(TABLE, sep="\t", index=False)
