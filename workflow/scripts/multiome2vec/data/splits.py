"""Cells to learn from, to choose the epoch by and to test on."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import ContractError, UserError
from multiome2vec.io.atomic import write_tsv

PARTS = ("train", "validation", "test")
COLUMN = "split"


def _none() -> np.ndarray:
    return np.zeros(0, np.int64)


@dataclass(frozen=True)
class Split:
    """Sorted indices of the cells to learn from, to choose the epoch by and to test on."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray = field(default_factory=_none)

    def within(self, there: np.ndarray) -> "Split":
        """Leave cells out where ``there`` is false, as those without any modality of a model."""
        if there.all():
            return self
        return Split(*(part[there[part]] for part in (self.train, self.validation, self.test)))


def held_out(split: Split) -> np.ndarray:
    """Sorted cells that were not learnt from."""
    return np.sort(np.concatenate([split.validation, split.test]))


def split_cells(
    batch_codes: np.ndarray, *, validation: float, test: float = 0.0, rng: np.random.Generator
) -> Split:
    """Set aside shares of the cells of every batch (at least one cell in all for validation).

    Parameters
    ----------
    batch_codes
        Index of the batch of each cell.
    validation, test
        Shares of the cells.
    """
    _check_shares(validation, test)
    held: list[list[np.ndarray]] = [[], []]
    for code in np.unique(batch_codes):
        cells = rng.permutation(np.flatnonzero(batch_codes == code))
        ends = np.rint(np.cumsum([validation, test]) * len(cells)).astype(int)
        held[0].append(cells[: ends[0]])
        held[1].append(cells[ends[0] : ends[1]])
    chosen, tested = (np.sort(np.concatenate(part)) for part in held)
    if len(chosen) == 0:
        free = np.setdiff1d(np.arange(len(batch_codes)), tested)
        chosen = free[rng.integers(len(free), size=1)]
    rest = np.setdiff1d(np.arange(len(batch_codes)), np.concatenate([chosen, tested]))
    return Split(rest, chosen, tested)


def split_groups(
    groups: pd.Series, *, validation: float, test: float = 0.0, rng: np.random.Generator
) -> Split:
    """Set aside whole groups, such as donors or batches: none is in two parts.

    Groups come in random order; one joins a part if that brings its number of cells nearer to the
    share asked for. A part asked for has at least one group.

    Parameters
    ----------
    groups
        Of each cell; the name of the series is used in messages.
    validation, test
        Shares of the cells.

    Raises
    ------
    UserError
        If there are fewer groups than parts, or a cell has no group.
    """
    _check_shares(validation, test)
    if groups.isna().any():
        raise UserError(
            f"'{groups.name}' is empty for {int(groups.isna().sum())} cells, "
            f"{groups.index[groups.isna()][0]} first: a split by '{groups.name}' needs it for all."
        )
    labels = groups.astype(str).to_numpy()
    sizes = pd.Series(labels).value_counts().sort_index()
    parts = 1 + sum(share > 0 for share in (validation, test))
    if len(sizes) < parts:
        raise UserError(
            f"'{groups.name}' has {len(sizes)} value(s), too few for a split into {parts} parts "
            "none of which shares one. Split by cell, or by another column."
        )
    free = list(rng.permutation(sizes.index.to_numpy()))
    chosen, needed = [], parts
    for share in (validation, test):
        needed -= share > 0
        names = _fill(free, sizes, target=share * len(labels), spare=needed) if share else []
        free = [name for name in free if name not in names]
        chosen.append(np.flatnonzero(np.isin(labels, names)))
    return Split(np.flatnonzero(np.isin(labels, free)), *chosen)


def _fill(free: list[str], sizes: pd.Series, *, target: float, spare: int) -> list[str]:
    """Choose groups whose cells come near to ``target``; leave at least ``spare`` groups."""
    names: list[str] = []
    for name in free:
        filled = sizes[names].sum()
        nearer = abs(filled + sizes[name] - target) < abs(filled - target)
        if nearer and len(names) < len(free) - spare:
            names.append(name)
    return names or [min(free, key=lambda name: sizes[name])]


def write_split(split: Split, barcodes: pd.Index, path: str | Path) -> None:
    """Write ``splits.tsv``: barcode and part of every cell, empty if it is in none."""
    parts = np.full(len(barcodes), "", dtype=object)
    for name in PARTS:
        parts[getattr(split, name)] = name
    write_tsv(pd.DataFrame({keys.BARCODE: barcodes, COLUMN: parts}), path, index=False)


def read_split(path: str | Path, barcodes: pd.Index) -> Split:
    """Read ``splits.tsv`` for these cells, in whatever order it holds them.

    Raises
    ------
    ContractError
        If the file has other columns, parts or cells.
    """
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    if list(table) != [keys.BARCODE, COLUMN]:
        raise ContractError(
            f"{path}: columns are {', '.join(table)}, not {keys.BARCODE}, {COLUMN}."
        )
    odd = table.index[~table[COLUMN].isin([*PARTS, ""])]
    if len(odd):
        raise ContractError(
            f"{path}, line {odd[0] + 2}: split is '{table[COLUMN][odd[0]]}', not one of "
            f"{', '.join(PARTS)}."
        )
    parts = table.set_index(keys.BARCODE)[COLUMN]
    if not parts.index.is_unique:
        twice = parts.index[parts.index.duplicated()][0]
        raise ContractError(f"{path}: barcode {twice} occurs more than once.")
    for there, wanted, what in ((parts.index, barcodes, "lacks"), (barcodes, parts.index, "has")):
        other = wanted.difference(there, sort=False)
        if len(other):
            raise ContractError(
                f"{path} {what} {len(other)} cell(s) {'of' if what == 'lacks' else 'not in'} this "
                f"dataset, {other[0]} first. Use the split of this dataset, or make a new one."
            )
    found = parts.loc[barcodes].to_numpy()
    return Split(*(np.flatnonzero(found == name) for name in PARTS))


def _check_shares(validation: float, test: float) -> None:
    if min(validation, test) < 0 or validation + test >= 1:
        raise UserError(
            f"Shares of {validation} for validation and {test} for the test leave nothing to train "
            "on, or are negative. Give shares that sum to less than 1."
        )
