"""Biological replicates of conditions, and which of them a comparison uses."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError

REPLICATE = "replicate"
SEPARATOR = "|"  # between donor and condition in the name of a replicate
COEFFICIENT = (
    "condition"  # column of the design that is tested: 1 in the condition, 0 in the reference
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Comparison:
    """One condition against the reference.

    Attributes
    ----------
    condition, reference
        The two levels.
    matrix
        Design, replicates in use × coefficients: ``intercept``, differences between donors or
        levels of covariates, and :data:`COEFFICIENT`.
    text
        The design in words.
    reason
        Why it is not tested; empty if it is.
    """

    condition: str
    reference: str
    matrix: pd.DataFrame
    text: str
    reason: str = ""


def replicate_table(obs: pd.DataFrame, *, covariates: Sequence[str] = ()) -> pd.DataFrame:
    """Tabulate the replicates: donors, or samples where cells have no donor.

    A donor with samples in several conditions is a replicate in each of them; several samples of
    one donor in one condition are one replicate.

    Parameters
    ----------
    obs
        Cells with sample, condition and, where known, donor; cells without condition are left out.
    covariates
        Further columns, which must be the same in all cells of a replicate.

    Returns
    -------
    pandas.DataFrame
        Index replicate (``donor|condition``); columns donor, condition, the covariates and cells.

    Raises
    ------
    UserError
        If a covariate is unknown or differs within a replicate.
    """
    missing = [name for name in covariates if name not in obs]
    if missing:
        raise UserError(
            f"conditions.covariates has '{missing[0]}', which is no column of the sample sheet "
            f"(the cells have {', '.join(obs.columns)})."
        )
    cells = pd.DataFrame({REPLICATE: replicates_of(obs), keys.DONOR: donors_of(obs)})
    for name in (keys.CONDITION, *covariates):
        cells[name] = obs[name].astype(str)
    cells = cells[cells[REPLICATE] != ""]
    for name in covariates:
        several = cells.groupby(REPLICATE)[name].nunique()
        if (several > 1).any():
            raise UserError(
                f"conditions.covariates: '{name}' differs between the cells of {several.idxmax()}, "
                "one replicate. Take it out, or name the donors more finely in the sample sheet."
            )
    table = cells.groupby(REPLICATE).first()
    return table.assign(cells=cells.groupby(REPLICATE).size())


def donors_of(obs: pd.DataFrame) -> pd.Series:
    """Donor of each cell; its sample where no donor is named."""
    sample = obs[keys.SAMPLE].astype(str)
    if keys.DONOR not in obs:
        return sample
    donor = obs[keys.DONOR].astype(str).replace("nan", "")
    return donor.where(donor != "", sample)


def replicates_of(obs: pd.DataFrame) -> pd.Series:
    """Replicate of each cell, ``donor|condition``; empty for cells without condition."""
    condition = obs[keys.CONDITION].astype(str).replace("nan", "")
    return (donors_of(obs) + SEPARATOR + condition).where(condition != "", "")


def reference_level(conditions: pd.Series, wanted: str | None) -> str:
    """Condition that the others are compared with: the one asked for, else the first by name.

    Raises
    ------
    UserError
        If no replicate has the one asked for.
    """
    levels = sorted(conditions.unique())
    if wanted is None:
        logger.info("conditions.reference is not set: %s, the first of %s", levels[0], levels)
        return levels[0]
    if wanted not in levels:
        raise UserError(
            f"conditions.reference is '{wanted}', but the conditions are {', '.join(levels)}."
        )
    return wanted


def compare(
    table: pd.DataFrame,
    *,
    condition: str,
    reference: str,
    covariates: Sequence[str] = (),
    least: int,
) -> Comparison:
    """Choose replicates and design of a comparison.

    Donors seen in both conditions are compared with themselves (a paired design), if they are no
    fewer than the donors seen in one. Else they are left out, and the others are compared as
    independent groups: counting a donor twice would make differences look surer than they are.

    Parameters
    ----------
    table
        From :func:`replicate_table`, or some rows of it.
    condition, reference
        The two levels.
    covariates
        Columns of ``table`` to adjust for, as categories.
    least
        Replicates that each side needs.
    """
    table = table[table[keys.CONDITION].isin([condition, reference])]
    twice = table[keys.DONOR].duplicated(keep=False)
    paired = bool(twice.any()) and twice.sum() / 2 >= (~twice).sum()
    used = table[twice] if paired else table[~twice]
    treated = (used[keys.CONDITION] == condition).to_numpy()
    names = [keys.DONOR] if paired else []
    terms = [*names, *covariates]
    text = f"~ {' + '.join([*terms, keys.CONDITION])}"
    if len(used) < len(table):
        what = "donors with one condition" if paired else "donors with both conditions"
        text += f" ({len(table) - len(used)} replicates of {what} left out)"
    matrix = _design(used, terms)
    matrix[COEFFICIENT] = treated.astype(float)
    found = Comparison(condition, reference, matrix, text)
    return Comparison(condition, reference, matrix, text, _why_not(found, least))


def _design(table: pd.DataFrame, terms: Sequence[str]) -> pd.DataFrame:
    """Intercept and differences to the first level of each column."""
    matrix = pd.DataFrame({"intercept": 1.0}, index=table.index)
    for name in terms:
        levels = pd.get_dummies(table[name].astype(str), prefix=name, dtype=float).iloc[:, 1:]
        matrix = matrix.join(levels)
    return matrix


def _why_not(comparison: Comparison, least: int) -> str:
    """Reason for which a comparison cannot be tested; empty if it can."""
    treated = comparison.matrix[COEFFICIENT] == 1
    sizes = {comparison.reference: int((~treated).sum()), comparison.condition: int(treated.sum())}
    if min(sizes.values()) < least:
        said = ", ".join(f"{level} has {n}" for level, n in sizes.items())
        return f"{least} replicates per condition are needed: {said}"
    values = comparison.matrix.to_numpy()
    rest = comparison.matrix.drop(columns=COEFFICIENT).to_numpy()
    rank = np.linalg.matrix_rank(values)
    if rank == np.linalg.matrix_rank(rest):
        return "the condition is confounded with the covariates"
    if rank < values.shape[1]:
        return "the covariates are confounded with each other or with donors"
    if len(values) <= rank:
        return f"{len(values)} replicates are too few for a design of {rank} coefficients"
    return ""
