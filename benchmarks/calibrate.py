"""Fit what the rules cost to measured runs: python benchmarks/calibrate.py.

Reads the tables that `benchmarks/collect.py` wrote and writes the figures of workflow/resources.tsv
anew; the sizes that a rule depends on (columns mb_of, s_of) are chosen by hand there, and so are
all figures of rules whose number of jobs is 0. `--hold-out NAME` leaves the run of that name out,
writes nothing, and compares what is then predicted for it with what was measured.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from multiome2vec.costs.table import COLUMNS, MILLION, term
from scipy.optimize import nnls

HERE = Path(__file__).parent
TABLE = HERE.parent / "workflow" / "resources.tsv"
RUNS = (
    "demo", "bmmc_starter", "pbmc10k_tiny", "chr22_scatac", "simulated", "scale_4k", "scale_10k",
    "scale",
)  # fmt: skip
QUANTITIES = {"mb": "peak_mb", "s": "cpu_s"}
SAMPLED = 50  # MB below which a job ended before its memory was looked at
LEAST = {"mb": 0, "s": 1}  # shorter times are not resolved
WITHIN = 1.5


def read_runs() -> pd.DataFrame:
    """Jobs of all runs, with the name of the run."""
    tables = [pd.read_csv(HERE / f"{run}.tsv", sep="\t").assign(run=run) for run in RUNS]
    jobs = pd.concat(tables, ignore_index=True)
    return jobs[jobs["peak_mb"] >= SAMPLED]


def read_rules() -> pd.DataFrame:
    """Read the table of costs, as texts."""
    return pd.read_csv(TABLE, sep="\t", keep_default_na=False, dtype=str).set_index("rule")


def fit(sizes: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """Constant and slope, neither negative, with the least squares of relative errors."""
    design = np.column_stack([np.ones_like(sizes), sizes]) / values[:, None]
    constant, slope = nnls(design, np.ones_like(values))[0]
    return float(f"{constant:.3g}"), float(f"{slope:.3g}")


def of_jobs(expression: str, jobs: pd.DataFrame) -> np.ndarray:
    """Sizes of the jobs in millions."""
    return np.array([term(expression, job) / MILLION for job in jobs.to_dict("records")])


def calibrate(rules: pd.DataFrame, jobs: pd.DataFrame) -> pd.DataFrame:
    """Figures of every rule of which there are jobs, beside those of the others."""
    rules = rules.copy()
    for rule, row in rules.iterrows():
        mine = jobs[jobs["rule"] == rule]
        if row["like"] or row["jobs"] == "0" or mine.empty:
            continue
        for name, column in QUANTITIES.items():
            sizes = of_jobs(row[f"{name}_of"], mine)
            values = mine[column].clip(lower=LEAST[name]).to_numpy(float)
            figures = fit(sizes, values)
            rules.loc[rule, [name, f"{name}_per_million"]] = [f"{one:g}" for one in figures]
        rules.loc[rule, "jobs"] = str(len(mine))
    return rules


def compare(rules: pd.DataFrame, jobs: pd.DataFrame) -> pd.DataFrame:
    """Tell what is predicted for jobs, what was measured, and the ratio of the two."""
    found = []
    for rule, mine in jobs.groupby("rule"):
        if rule not in rules.index or rules.loc[rule, "jobs"] == "0":
            continue
        row = rules.loc[rules.loc[rule, "like"] or rule]
        for name, column in QUANTITIES.items():
            slope = float(row[f"{name}_per_million"])
            predicted = float(row[name]) + slope * of_jobs(row[f"{name}_of"], mine)
            measured = mine[column].clip(lower=LEAST[name])
            columns = {"run": mine["run"], "rule": rule, "job": mine["job"], "quantity": name}
            found.append(pd.DataFrame({**columns, "measured": measured, "predicted": predicted}))
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
