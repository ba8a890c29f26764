"""Genomic regions and tables of cells as files: BED, chrom.sizes, regions.h5ad of kept cells."""

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import ContractError, UserError
from multiome2vec.io.atomic import atomic_path

if TYPE_CHECKING:
    from anndata import AnnData

#: columns of tables of cells that are text even if every entry looks like a number
TEXT = frozenset(
    (keys.BARCODE, keys.FRAGMENT_BARCODE, keys.SAMPLE, keys.BATCH, keys.DONOR, keys.CONDITION)
    + (keys.LABEL, keys.LABEL_SOURCE, keys.REASON, keys.TRUE_TYPE)
    + (keys.RNA_REASON, keys.ATAC_REASON, keys.DOUBLET_NOTE)
)


def read_chrom_sizes(path: str | Path) -> pd.Series:
    """Chromosome lengths (bp), index = names, in the order of the file."""
    sizes = pd.read_csv(path, sep="\t", header=None, names=["chrom", "size"], dtype={"chrom": str})
    return sizes.set_index("chrom")["size"].astype(np.int64)


def read_bed(path: str | Path | None) -> pd.DataFrame:
    """Read chrom, start, end of a BED file (gzip allowed); header and comment lines are skipped.

    Without a file (None) the table is empty.

    Raises
    ------
    UserError
        If a line has fewer than three columns or no integer coordinates with start < end; the
        message names the first such line.
    """
    rows = _bed_rows(Path(path)) if path else []
    table = pd.DataFrame(rows, columns=[keys.CHROM, keys.START, keys.END])
    return table.astype({keys.CHROM: str, keys.START: np.int64, keys.END: np.int64})


def _bed_rows(path: Path) -> list[tuple[str, int, int]]:
    if not path.is_file():
        raise UserError(f"{path} does not exist.")
    open_file = gzip.open if path.suffix == ".gz" else open
    try:
        with open_file(path, "rt") as lines:
            return [
                _bed_row(line, f"{path}, line {number}")
                for number, line in enumerate(lines, start=1)
                if line.strip() and not line.startswith(("#", "track", "browser"))
            ]
    except (EOFError, gzip.BadGzipFile) as error:
        raise UserError(f"{path} is not a whole gzip file ({error}). Fetch it again.") from None


def _bed_row(line: str, where: str) -> tuple[str, int, int]:
    chrom, *rest = line.rstrip("\r\n").split("\t")
    try:
        start, end = int(rest[0]), int(rest[1])
    except (IndexError, ValueError):
        raise UserError(
            f"{where}: expected chrom, start, end separated by tabs, found {line.strip()[:80]!r}."
        ) from None
    if not 0 <= start < end:
        raise UserError(f"{where}: start {start} and end {end} are not 0 <= start < end.")
    return chrom, start, end


def region_names(regions: pd.DataFrame) -> pd.Index:
    """Names ``chrom:start-end`` of the rows."""
    starts, ends = regions[keys.START].astype(str), regions[keys.END].astype(str)
    return pd.Index(regions[keys.CHROM].astype(str) + ":" + starts + "-" + ends)


def write_regions(
    regions: pd.DataFrame, bed: str, *, score: pd.Series | int = 0, groups: pd.Series | str = "."
) -> None:
    """Write regions as ``consensus.bed``: BED of six columns and the supporting groups."""
    rows = regions[[keys.CHROM, keys.START, keys.END]].assign(
        name=region_names(regions).to_numpy(), score=score, strand=".", groups=groups
    )
    write_bed(rows, bed)


def write_bed(rows: pd.DataFrame, path: str | Path) -> None:
    """Write rows with the columns of a BED file, as they are ordered."""
    with atomic_path(path) as partial:
        rows.to_csv(
            partial, sep="\t", header=False, index=False, float_format="%.4f", lineterminator="\n"
        )


def read_cells(path: str | Path) -> pd.DataFrame:
    """Read a table of cells (index ``cell``) with the types its columns stand for.

    Names, labels and reasons are text (empty, never NaN), columns of True and False are boolean
    (empty counts as False), other columns are numbers if every entry is one (empty: NaN).
    """
    return read_text(path).apply(lambda column: _typed(column, is_text=column.name in TEXT))


def read_text(path: str | Path) -> pd.DataFrame:
    """Read a table of cells (index ``cell``) with every entry as it is spelt."""
    return pd.read_csv(path, sep="\t", index_col=keys.CELL, dtype=str, keep_default_na=False)


def _typed(column: pd.Series, *, is_text: bool) -> pd.Series:
    found = set(column.unique()) - {""}
    if is_text:
        return column
    if found and found <= {"True", "False"}:
        return column == "True"
    numbers = pd.to_numeric(column.where(column != ""), errors="coerce")
    return numbers if numbers.notna().sum() == (column != "").sum() else column


def load_regions(path: str | Path, barcodes: str | Path) -> "AnnData":
    """Read region counts of the finally kept cells, in the order of the barcode table.

    Parameters
    ----------
    path
        ``regions/regions.h5ad`` (pre-kept cells × regions, CSR counts).
    barcodes
        ``qc/barcodes.tsv`` with the final column ``keep``.

    Raises
    ------
    ContractError
        If the two files share no kept cell.
    """
    import anndata as ad

    regions = ad.read_h5ad(path)
    table = read_cells(barcodes)
    kept = table.index[table[keys.KEEP]]
    order = regions.obs_names.get_indexer(kept)
    order = order[order >= 0]
    if len(order) == 0:
        raise ContractError(f"No kept cell of {barcodes} is in {path}. Remove both and run again.")
    if np.array_equal(order, np.arange(regions.n_obs)):
        return regions
    return regions[order].copy()
