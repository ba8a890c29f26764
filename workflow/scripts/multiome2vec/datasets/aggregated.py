"""Runs of ``aggr``: one matrix of several samples, told apart by the number behind the barcode."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from multiome2vec import keys
from multiome2vec.datasets.draft import sample_name, shown
from multiome2vec.errors import UserError
from multiome2vec.io.sheet import COLUMNS

#: tables of what was aggregated, as Cell Ranger ARC, Cell Ranger and Cell Ranger ATAC call them
AGGREGATION = ("aggr.csv", "aggregation.csv", "aggregation_csv.csv")
_NAMES = ("library_id", "sample_id", "Library", "library_outs")
#: columns with paths of what went in
_PATHS = {
    "atac_fragments", "per_barcode_metrics", "gex_molecule_info", "molecule_h5", "molecule_info",
    "fragments", "cells", "cloupe_file", "peaks", "sample_outs", "vdj_contig_info",
}  # fmt: skip
METADATA = (keys.BATCH, keys.DONOR, keys.CONDITION)


def read_aggregation(path: Path) -> pd.DataFrame:
    """Read which samples were aggregated.

    Returns
    -------
    pandas.DataFrame
        Index: names of the samples, in the order of the barcodes' numbers; columns: what the user
        wrote of them (batch, donor, ...), paths left out.

    Raises
    ------
    UserError
        If it is no such table.
    """
    table = pd.read_csv(path, dtype=str, skipinitialspace=True, comment="#").fillna("")
    table.columns = table.columns.str.strip()
    named = next((name for name in _NAMES if name in table), None)
    if named is None or table.empty:
        raise UserError(
            f"{path} has no column library_id or sample_id (its columns: "
            f"{', '.join(table.columns)}), so that the samples of the aggregation are not known."
        )
    names = table[named].str.strip()
    if not names.is_unique:
        raise UserError(f"{path}: {named} {names[names.duplicated()].iloc[0]} occurs twice.")
    kept = [c for c in table.columns if c != named and c not in _PATHS and c not in _NAMES]
    renamed = {c: f"aggr_{c}" for c in kept if c in COLUMNS and c not in METADATA}
    metadata = table[kept].rename(columns=renamed).apply(lambda column: column.str.strip())
    metadata = metadata.replace(r"[\t\r\n]+", " ", regex=True)
    return metadata.set_axis(names.to_numpy())


def expand(
    row: Mapping[str, str],
    suffixes: Sequence[int],
    table: pd.DataFrame | None,
    *,
    path: Path | None,
    notes: list[str],
) -> list[dict[str, str]]:
    """Rows of the samples that a matrix holds.

    Parameters
    ----------
    row
        Of the matrix as a whole.
    suffixes
        Numbers that its barcodes end in.
    table
        Of :func:`read_aggregation`, read from ``path``; None to number the samples.
    notes
        Gets what was guessed.

    Raises
    ------
    UserError
        If barcodes have a number that the table has no row for.
    """
    if len(suffixes) < 2 and (table is None or len(table) < 2):
        return [dict(row)]
    if table is None:
        notes.append(
            f"{row['sample']}: barcodes end in {_listed(suffixes)} and no table of the aggregation "
            f"({', '.join(AGGREGATION)}) is there: samples are numbered"
        )
        names = {number: f"{row['sample']}_{number}" for number in suffixes}
        return [_part(row, names[number], number, {}) for number in suffixes]
    beyond = [number for number in suffixes if number > len(table)]
    if beyond or not suffixes:
        raise UserError(
            f"{path} names {len(table)} samples, but barcodes of {row['sample']} end in "
            f"{_listed(beyond or ['no number'])}. Are table and matrix of one run?"
        )
    absent = [table.index[number - 1] for number in range(1, len(table) + 1)
              if number not in suffixes]  # fmt: skip
    if absent:
        notes.append(f"{', '.join(absent)} of {shown(path)} left out: no barcode is theirs")
    notes.append(f"{row['sample']}: {len(suffixes)} samples, named by {shown(path)}")
    metadata = [table.iloc[number].to_dict() for number in range(len(table))]
    return [
        _part(row, sample_name(table.index[number - 1]), number, metadata[number - 1])
        for number in suffixes
    ]


def _part(row: Mapping[str, str], name: str, number: int, metadata: dict) -> dict[str, str]:
    """Row of one of the samples in a matrix."""
    part = {**row, "sample": name, **metadata}
    return part | {f"{c}_barcodes": f"*-{number}" for c in ("rna", "fragments", "atac") if c in row}


def _listed(numbers: Sequence[object]) -> str:
    return ", ".join(f"-{n}" if isinstance(n, int) else str(n) for n in numbers)
