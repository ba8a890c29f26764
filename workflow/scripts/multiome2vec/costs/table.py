"""Memory and time of a job, as ``workflow/resources.tsv`` has them by rule.

Both are a constant and a slope over a product or a sum of sizes, fitted to measured runs
(``benchmarks/calibrate.py``). A request is that with a margin, doubled in every further attempt.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from multiome2vec.costs.measures import MEASURES
from multiome2vec.errors import UserError

COLUMNS = (
    "rule", "like", "mb_of", "mb", "mb_per_million", "s_of", "s", "s_per_million", "jobs", "note",
)  # fmt: skip
MILLION = 1e6
#: margins of requests over predictions: half of memory, since held-out jobs are predicted within a
#: factor of 1.5; more of time, since nodes are slower or busier than the machine measured on
MEMORY_MARGIN, TIME_MARGIN = 1.5, 3
SNAKEMAKE = 250  # MB of the Snakemake that runs inside a cluster job, beside the rule
LEAST_MB, LEAST_MINUTES = 1_000, 10
STEP_MB = 100  # requests are multiples of it


@dataclass(frozen=True)
class Line:
    """A constant and a slope.

    Attributes
    ----------
    of
        Sizes, as ``atac+rna`` or ``cells*regions``; empty for none.
    constant
        MB or s.
    slope
        MB or s per million of the sizes.
    """

    of: str
    constant: float
    slope: float

    def at(self, sizes: Mapping[str, float]) -> float:
        """Value for a job of these sizes."""
        return self.constant + self.slope * term(self.of, sizes) / MILLION


@dataclass(frozen=True)
class Cost:
    """Peak memory (MB) and CPU time (s) of the jobs of a rule."""

    mb: Line
    s: Line


def term(of: str, sizes: Mapping[str, float]) -> float:
    """Value of an expression of sizes: products, and sums of them."""
    if not of:
        return 0
    return sum(math.prod(sizes[name] for name in part.split("*")) for part in of.split("+"))


def read_table(path: str | Path) -> dict[str, Cost]:
    """Read the costs of all rules.

    Raises
    ------
    UserError
        If the table has other columns, repeats a rule, or names an unknown size or rule.
    """
    table = pd.read_csv(path, sep="\t", keep_default_na=False, dtype=str, comment="#")
    if tuple(table.columns) != COLUMNS:
        raise UserError(f"{path}: the columns must be {', '.join(COLUMNS)}.")
    rows = {row["rule"]: row for row in table.to_dict("records")}
    if len(rows) < len(table):
        raise UserError(f"{path} has a rule twice.")
    return {rule: _cost(row, rows, path) for rule, row in rows.items()}


def _cost(row: Mapping[str, str], rows: Mapping[str, Mapping], path: str | Path) -> Cost:
    """Cost of a row, or of the one that it is like."""
    if row["like"]:
        if row["like"] not in rows or rows[row["like"]]["like"]:
            raise UserError(f"{path}: {row['rule']} is like {row['like']}, which has no figures.")
        row = rows[row["like"]]
    for of in (row["mb_of"], row["s_of"]):
        unknown = set(of.replace("*", "+").split("+")) - {*MEASURES, ""}
        if unknown:
            raise UserError(f"{path}: {row['rule']} depends on '{', '.join(unknown)}', which is "
                            f"none of {', '.join(MEASURES)}.")  # fmt: skip
    return Cost(
        mb=Line(row["mb_of"], float(row["mb"]), float(row["mb_per_million"] or 0)),
        s=Line(row["s_of"], float(row["s"]), float(row["s_per_million"] or 0)),
    )


def memory_request(cost: Cost, sizes: Mapping[str, float], attempt: int = 1) -> int:
    """Memory (MB) to ask for: twice as much in every further attempt."""
    wanted = max(MEMORY_MARGIN * cost.mb.at(sizes) + SNAKEMAKE, LEAST_MB)
    return STEP_MB * math.ceil(wanted / STEP_MB) * 2 ** (attempt - 1)


def time_request(cost: Cost, sizes: Mapping[str, float], attempt: int = 1) -> int:
    """Time (min) to ask for: twice as much in every further attempt."""
    wanted = max(TIME_MARGIN * cost.s.at(sizes) / 60, LEAST_MINUTES)
    return math.ceil(wanted) * 2 ** (attempt - 1)
