"""Which factors bind a motif: tables of motifs and transcription factors."""

import csv
from pathlib import Path

import pandas as pd

from multiome2vec.errors import UserError

DIRECT, ORTHOLOGY = "direct", "orthology"
COLUMNS = ["motif", "tf", "annotation"]
TBL = {"#motif_id": "motif", "gene_name": "tf", "description": "annotation"}  # aertslab's names


def read_motif_table(path: str | Path) -> pd.DataFrame:
    """Read which transcription factors bind which motifs.

    Two layouts, both with tabs between columns and one line of column names; other columns are
    ignored:

    - motif, tf and, if there is one, annotation (direct or orthology; direct without it);
    - aertslab's ``motifs-v10nr*.tbl`` (#motif_id, gene_name, description): rows whose description
      starts with 'gene is directly annotated' are direct, others that mention 'orthologous' but no
      'similar' motif are orthology, and all others are left out (pycistarget's Direct_annot and
      Orthology_annot).

    Parameters
    ----------
    path
        The table, which may be packed (``.gz``).

    Returns
    -------
    pandas.DataFrame
        Columns motif, tf, annotation (``direct`` or ``orthology``), all strings; one row for each
        distinct combination, sorted.

    Raises
    ------
    UserError
        If there is no such file, it is no such table, a row lacks its motif or tf, an annotation
        is unknown, or no row is left.
    """
    rows = _read(path)
    is_tbl = "#motif_id" in rows.columns
    expected = list(TBL) if is_tbl else COLUMNS[:2]
    if missing := [column for column in expected if column not in rows.columns]:
        raise UserError(
            f"{path} has no column {', '.join(missing)}. It needs the columns motif and tf, or "
            f"those of an aertslab .tbl ({', '.join(TBL)}), separated by tabs."
        )
    rows = rows.rename(columns=TBL) if is_tbl else rows
    rows = _complete(rows, path)
    if is_tbl:
        rows = rows.assign(annotation=_evidence(rows["annotation"])).dropna(subset="annotation")
    elif not (known := rows["annotation"].isin([DIRECT, ORTHOLOGY])).all():
        row = (~known).idxmax()
        raise UserError(
            f"{path}: row {row} has the annotation '{rows.loc[row, 'annotation']}'. It must be "
            f"{DIRECT} or {ORTHOLOGY}."
        )
    table = rows[COLUMNS].drop_duplicates().sort_values(COLUMNS, ignore_index=True)
    if table.empty:
        raise UserError(f"{path} annotates no motif, directly or by orthology.")
    return table


def annotate(table: pd.DataFrame, annotation: pd.DataFrame | None) -> pd.DataFrame:
    """Add to a table of motifs which factors bind them.

    Parameters
    ----------
    table
        One row per motif, ids in the index, and the factors of its title in ``tfs``
        (:func:`multiome2vec.motifs.collection.table`).
    annotation
        Columns motif, tf, annotation (:func:`read_motif_table`); None if there is none.

    Returns
    -------
    pandas.DataFrame
        A copy with ``tfs`` (factors with direct evidence, without an annotation those of the title)
        and ``tfs_orthology``: comma-separated, sorted, empty where there is none.

    Raises
    ------
    UserError
        If the annotation has none of the motifs.
    """
    if annotation is None:
        return table.assign(tfs_orthology="")
    known = annotation[annotation["motif"].isin(table.index)]
    if known.empty:
        raise UserError(
            "The table of motifs and factors has none of the motifs: its motif column has ids such "
            f"as {annotation['motif'].iloc[0]}, the collection such as {table.index[0]}."
        )
    return table.assign(
        tfs=_joined(known, DIRECT, table.index),
        tfs_orthology=_joined(known, ORTHOLOGY, table.index),
    )


def _read(path: str | Path) -> pd.DataFrame:
    """All columns as strings; row n of the table (from 1) has the label n."""
    if not Path(path).is_file():
        raise UserError(f"Table of motifs and factors {path} does not exist.")
    try:
        rows = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, quoting=csv.QUOTE_NONE)
    except (ValueError, OSError, EOFError) as error:  # ParserError names the line
        raise UserError(f"{path} is no table with tabs between columns: {error}") from error
    if not isinstance(rows.index, pd.RangeIndex):
        raise UserError(f"{path}: rows have more columns than the header.")
    return rows.set_axis(range(1, len(rows) + 1))


def _complete(rows: pd.DataFrame, path: str | Path) -> pd.DataFrame:
    """Rows with motif, tf and annotation, without blanks around the values."""
    rows = rows if "annotation" in rows.columns else rows.assign(annotation=DIRECT)
    rows = rows[COLUMNS].fillna("").apply(lambda column: column.str.strip())
    for column in COLUMNS[:2]:
        if (empty := rows[column] == "").any():
            raise UserError(f"{path}: row {empty.idxmax()} has no {column}.")
    return rows


def _evidence(description: pd.Series) -> pd.Series:
    """Evidence in aertslab's descriptions; missing where it is neither direct nor orthology."""
    evidence = pd.Series(pd.NA, index=description.index, dtype="str")
    similar = description.str.contains("similar", regex=False)
    evidence[description.str.contains("orthologous", regex=False) & ~similar] = ORTHOLOGY
    evidence[description.str.startswith("gene is directly annotated")] = DIRECT
    return evidence


def _joined(annotation: pd.DataFrame, evidence: str, motifs: pd.Index) -> pd.Series:
    """Factors of each of ``motifs`` with this evidence, comma-separated and sorted."""
    rows = annotation[annotation["annotation"] == evidence]
    factors = rows.groupby("motif")["tf"].agg(lambda tfs: ",".join(sorted(set(tfs))))
    return factors.reindex(motifs, fill_value="")
