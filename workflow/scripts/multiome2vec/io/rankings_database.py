"""cisTarget databases given as a file: ranks (or scores) of a genome's regions by every motif.

The format of create_cisTarget_databases, Arrow's Feather version 2: one column per region, one row
per motif, and one column with the names of the motifs. A database may be larger than memory (35 GB
for hg38), so only the columns asked for are ever read, some at a time.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from multiome2vec.errors import UserError
from multiome2vec.io.region_names import parse_region_names

NAMES = ("motifs", "tracks", "features")  # of the column with the motifs' names
TRANSPOSED = ("regions", "genes")
KINDS = {"rankings": ("int16", "int32"), "scores": ("float",)}  # arrow's names of the types
SLAB_BYTES = 2**28  # read at once
BLOCK_MOTIFS = 64


class RankingsDatabase:
    """A database opened for reading.

    Attributes
    ----------
    regions
        Columns chrom, start, end; index ``chrom:start-end``; in the order of the file.
    motifs
        Names of the motifs, in the order of the file.

    Parameters
    ----------
    path
        ``*.regions_vs_motifs.rankings.feather``, or ``.scores.feather``.
    kind
        Whether it must hold ``rankings`` or ``scores``.

    Raises
    ------
    UserError
        If the file is not such a database.
    """

    def __init__(self, path: str | Path, *, kind: str = "rankings") -> None:
        from pyarrow import feather

        columns, types = _schema(path)
        named = [i for i, name in enumerate(columns) if name in NAMES]
        _refuse_other_files(columns, types, named, path=path, kind=kind)
        self._path, self._ranked = path, kind == "rankings"
        self._columns = np.delete(np.arange(len(columns)), named[-1])
        names = [columns[i].rpartition("__")[2] for i in self._columns]
        self._dtype = types[self._columns[0]].to_pandas_dtype()
        self.regions = parse_region_names(names, path=str(path))
        motifs = feather.read_table(path, columns=[named[-1]]).column(0)
        self.motifs = pd.Index(motifs.to_pylist(), dtype=object)

    def gather(
        self,
        positions: np.ndarray,
        scratch: str | Path,
        *,
        progress: Callable[[Iterable], Iterable] = iter,
    ) -> "Gathered":
        """Copy the columns of some regions into a file that is read by motifs.

        Parameters
        ----------
        positions
            Of the regions, sorted.
        scratch
            File to write; motifs × regions times 2 or 4 bytes.
        progress
            Wraps the iteration over the parts that are read at once.

        Raises
        ------
        UserError
            If a rank is negative or not smaller than the number of regions.
        """
        from pyarrow import feather

        shape = (len(self.motifs), len(positions))
        found = np.memmap(scratch, dtype=self._dtype, mode="w+", shape=shape)
        width = max(SLAB_BYTES // (found.itemsize * len(self.motifs)), 1)
        for start in progress(range(0, len(positions), width)):
            columns = self._columns[positions[start : start + width]]
            table = feather.read_table(self._path, columns=columns.tolist(), memory_map=False)
            slab = np.stack([column.to_numpy() for column in table.columns], axis=1)
            if self._ranked and not 0 <= slab.min() <= slab.max() < len(self.regions):
                raise UserError(
                    f"{self._path}: ranks go from {slab.min()} to {slab.max()}, but the file has "
                    f"{len(self.regions)} regions, whose ranks are 0 to {len(self.regions) - 1}. "
                    "Fetch the database again, or make it from all its regions."
                )
            found[:, start : start + width] = slab
        return Gathered(found)


class Gathered:
    """Some regions of a database, on disk by motifs."""

    def __init__(self, values: np.ndarray) -> None:
        self._values = values

    def blocks(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield slices of motifs with the values of all gathered regions, regions × motifs."""
        for start in range(0, len(self._values), BLOCK_MOTIFS):
            motifs = slice(start, min(start + BLOCK_MOTIFS, len(self._values)))
            yield motifs, np.array(self._values[motifs]).T


def write_database(path: str | Path, values: np.ndarray, *, regions: pd.Index, motifs: pd.Index):
    """Write a database: ``values`` are regions × motifs, int32 or int16 ranks or float32 scores."""
    import pyarrow as pa
    from pyarrow import feather

    columns = {name: pa.array(row) for name, row in zip(regions, values, strict=True)}
    columns["motifs"] = pa.array(list(motifs), pa.string())
    feather.write_feather(pa.table(columns), str(path), compression="zstd", version=2)


def _schema(path: str | Path) -> tuple[list[str], list]:
    """Names and types of the columns; nothing else is read."""
    import pyarrow as pa

    if not Path(path).is_file():
        raise UserError(f"Rankings database {path} does not exist.")
    try:
        with pa.memory_map(str(path)) as source:
            schema = pa.ipc.open_file(source).schema
            return schema.names, schema.types  # arrow makes these lists anew at each access
    except pa.ArrowInvalid:
        with open(path, "rb") as start:
            old = start.read(4) == b"FEA1"
        remedy = (
            "It is Feather version 1: convert it with convert_cistarget_databases_v1_to_v2.py of "
            "create_cisTarget_databases."
            if old
            else "Give a *.regions_vs_motifs.rankings.feather, or fetch it again if it is one."
        )
        raise UserError(f"{path} is no cisTarget database (Feather version 2). {remedy}") from None


def _refuse_other_files(
    columns: list[str], arrow_types: list, named: list[int], *, path: str | Path, kind: str
) -> None:
    if not named:
        transposed = columns[-1] in TRANSPOSED
        found = "has regions or genes as rows" if transposed else f"has no column {NAMES[0]}"
        raise UserError(
            f"{path} {found}. Needed is a database with one column per region and one row per "
            f"motif: *.regions_vs_motifs.{kind}.feather."
        )
    types = {str(found) for found in {*arrow_types[: named[-1]], *arrow_types[named[-1] + 1 :]}}
    if not types:
        raise UserError(f"{path} has no region.")
    if len(types) > 1 or not types <= set(KINDS[kind]):
        other = next((name for name, known in KINDS.items() if types <= set(known)), None)
        held = other or f"columns of type {', '.join(sorted(types))}"
        raise UserError(
            f"{path} holds {held}, not {kind} ({' or '.join(KINDS[kind])}). Give the "
            f"*.regions_vs_motifs.{kind}.feather of the same database."
        )
