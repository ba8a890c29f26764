"""Which profiles of one donor belong together, for a contrastive objective."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from multiome2vec import keys


class TypeSets(NamedTuple):
    """Types of each donor as rows of a pseudobulk.

    Attributes
    ----------
    donors, types
        Names of rows [D] and columns [T].
    rows
        [D, T] int64: row of the pseudobulk; 0 where the donor does not have the type.
    present
        [D, T] bool: whether it has. A mean over a set counts these only.
    """

    donors: np.ndarray
    types: np.ndarray
    rows: np.ndarray
    present: np.ndarray


def type_sets(groups: pd.DataFrame) -> TypeSets:
    """Arrange the rows of a pseudobulk by donor and type.

    Parameters
    ----------
    groups
        Columns donor and label, each pair once (:class:`multiome2vec.tasks.pseudobulk.Pseudobulk`).
    """
    donor, donors = pd.factorize(groups[keys.DONOR], sort=True)
    kind, types = pd.factorize(groups[keys.LABEL], sort=True)
    rows = np.zeros((len(donors), len(types)), np.int64)
    present = np.zeros(rows.shape, bool)
    rows[donor, kind] = np.arange(len(groups))
    present[donor, kind] = True
    return TypeSets(np.asarray(donors), np.asarray(types), rows, present)


def positives(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Whether profiles are of the same donor.

    Parameters
    ----------
    left
        Donors of some profiles [B], such as whole pseudobulks or mixtures.
    right
        Donors of others [C], such as sets of types.

    Returns
    -------
    numpy.ndarray
        [B, C] bool; a row may have several positives, or none.
    """
    return np.asarray(left)[:, None] == np.asarray(right)[None, :]
