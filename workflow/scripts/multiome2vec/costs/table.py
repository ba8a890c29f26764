"""Memory and time of a job, as ``workflow/resources.tsv`` has them by rule.

Peak memory (MB) and CPU time (s) are formulas: a constant, and slopes per million of sizes or of
their products, as ``210 + 35 rna+atac + 0.5 cells*motifs``, fitted to measured runs
(``benchmarks/calibrate.py``). A request is the value with a margin, twice as much in every further
attempt.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from multiome2vec.costs.measures import MEASURES
from multiome2vec.errors import UserError

COLUMNS = ("rule", "like", "mb", "s", "jobs", "note")
MILLION = 1e6
#: margins of requests over predictions: half of memory, since held-out jobs are predicted within a
#: factor of 1.5; more of time, since nodes are slower or busier than the machine measured on
MEMORY_MARGIN, TIME_MARGIN = 1.5, 3
BUSY = 0.5  # share of a job's cores that is busy on average, if there are several
GPU_SPEED = 8  # of training on a GPU, in cores; assumed, at the lower end of what is usual
SNAKEMAKE = 250  # MB of the Snakemake that runs inside a cluster job, beside the rule
LEAST_MB, LEAST_MINUTES = 1_000, 5
STEP_MB = 100  # requests are multiples of it


@dataclass(frozen=True)
class Formula:
    """A constant and slopes.

    Attributes
    ----------
    constant
        MB or s.
    slopes
        MB or s per million, by term: ``rna+atac``, ``cells*regions``, ``fragments^0.5``.
    """

    constant: float
    slopes: Mapping[str, float]

    @classmethod
    def parse(cls, text: str) -> "Formula":
        """Read ``constant + slope term + ...``.

        Raises
        ------
        ValueError
            If it is not so, or a size is unknown.
        """
        constant, *terms = text.split(" + ")
        slopes = {of: float(slope) for slope, of in (term.split(" ") for term in terms)}
        names = [name for of in slopes for name in re.split(r"[*+]", re.sub(r"\^[\d.]+", "", of))]
        if unknown := sorted(set(names) - set(MEASURES)):
            raise ValueError(f"'{unknown[0]}' is none of {', '.join(MEASURES)}")
        return cls(float(constant), slopes)

    def __str__(self):
        terms = [f"{slope:g} {of}" for of, slope in self.slopes.items()]
        return " + ".join([f"{self.constant:g}", *terms])

    def at(self, sizes: Mapping[str, float]) -> float:
        """Value for a job of these sizes."""
        millions = {of: value(of, sizes) / MILLION for of in self.slopes}
        return self.constant + sum(self.slopes[of] * millions[of] for of in self.slopes)


@dataclass(frozen=True)
class Cost:
    """Peak memory (MB) and CPU time (s) of the jobs of a rule."""

    mb: Formula
    s: Formula


def value(of: str, sizes: Mapping[str, float]) -> float:
    """Value of a term: a product of sizes, or a sum of these; a power is of millions."""
    products = (product.split("*") for product in of.split("+"))
    return sum(math.prod(_power(factor, sizes) for factor in product) for product in products)


def _power(factor: str, sizes: Mapping[str, float]) -> float:
    name, _, power = factor.partition("^")
    return MILLION * (sizes[name] / MILLION) ** float(power or 1)


def read_table(path: str | Path) -> dict[str, Cost]:
    """Read the costs of all rules.

    Raises
    ------
    UserError
        If the table has other columns, repeats a rule, or has a formula that cannot be read.
    """
    table = pd.read_csv(path, sep="\t", keep_default_na=False, dtype=str)
    if tuple(table.columns) != COLUMNS:
        raise UserError(f"{path}: the columns must be {', '.join(COLUMNS)}.")
    rows = {row["rule"]: row for row in table.to_dict("records")}
    if len(rows) < len(table):
        raise UserError(f"{path} has a rule twice.")
    return {rule: _cost(rows.get(row["like"], row), path) for rule, row in rows.items()}


def _cost(row: Mapping[str, str], path: str | Path) -> Cost:
    try:
        return Cost(mb=Formula.parse(row["mb"]), s=Formula.parse(row["s"]))
    except ValueError as error:
        raise UserError(f"{path}: the formulas of {row['rule']} cannot be read: {error}.") from None


def memory_request(cost: Cost, sizes: Mapping[str, float], attempt: int = 1) -> int:
    """Memory (MB) to ask for: twice as much in every further attempt."""
    wanted = max(MEMORY_MARGIN * cost.mb.at(sizes) + SNAKEMAKE, LEAST_MB)
    return STEP_MB * math.ceil(wanted / STEP_MB) * 2 ** (attempt - 1)


def time_request(
    cost: Cost, sizes: Mapping[str, float], attempt: int = 1, *, threads: int = 1, gpus: int = 0
) -> int:
    """Time (min) to ask for: twice as much in every further attempt.

    The CPU time of one core, less where there are several of them or a GPU.
    """
    speed = GPU_SPEED if gpus else max(1, BUSY * threads)
    wanted = max(TIME_MARGIN * cost.s.at(sizes) / 60 / speed, LEAST_MINUTES)
    return math.ceil(wanted) * 2 ** (attempt - 1)
