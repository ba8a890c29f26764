"""The text of a sample sheet, in the encodings and with the mistakes of spreadsheets."""

import io
from pathlib import Path

import pandas as pd

from multiome2vec.errors import UserError
from multiome2vec.io.files import require_file

UTF16 = (b"\xff\xfe", b"\xfe\xff")
WORKBOOK = b"PK"  # a zip, as .xlsx and .ods are
SAVE = "Save it as text with tabs, in UTF-8."


def read_sheet_text(path: str | Path) -> pd.DataFrame:
    """Read a tab-separated table of texts in UTF-8, or in UTF-16 as spreadsheets write it.

    Returns
    -------
    pandas.DataFrame
        Missing values are empty; lines that begin with # are left out.

    Raises
    ------
    UserError
        If the file is missing or no such table; names the line.
    """
    path = Path(path)
    if not path.exists():
        raise UserError(
            f"Sample sheet {path} does not exist.",
            remedy="Set datasets.<name>.samples in your config file.",
        )
    text = _decode(require_file(path, named_in="datasets.<name>.samples"))
    header = next((line for line in text.splitlines() if line and not line.startswith("#")), "")
    if "\t" not in header and len(header.split()) > 1 or "," in header:
        found = "commas" if "," in header else "blanks"
        raise UserError(
            f"Sample sheet {path}: its columns ({header[:60]}) are separated by {found}, not tabs.",
            remedy=SAVE,
        )
    try:
        table = pd.read_csv(io.StringIO(text), sep="\t", dtype=str, comment="#")
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise UserError(
            f"Sample sheet {path} is no table: {error}.",
            remedy="Every row needs as many tabs as the header.",
        ) from None
    return table.fillna("")


def _decode(path: Path) -> str:
    data = path.read_bytes()
    if data.startswith(WORKBOOK):
        raise UserError(f"Sample sheet {path} is a workbook of a spreadsheet.", remedy=SAVE)
    if data.startswith(UTF16):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"Sample sheet {path}, line {line}: a character is not in UTF-8.", remedy=SAVE
        ) from None
