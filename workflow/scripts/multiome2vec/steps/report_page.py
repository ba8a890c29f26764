"""Step: a table or a text as a page of the report."""

from html import escape
from pathlib import Path

import pandas as pd

from multiome2vec.io.atomic import atomic_path

MOST_COLUMNS = 12  # wider tables are turned on their side
STYLE = """
body { font-family: sans-serif; font-size: 14px; margin: 1em; }
table { border-collapse: collapse; }
th { position: sticky; top: 0; background: #fff; text-align: left; border-bottom: 1px solid #888; }
th, td { padding: 3px 10px; }
tr:nth-child(even) td { background: #f3f3f3; }
"""


def report_page(*, source: str, out: str) -> None:
    """Write a ``.tsv`` as an HTML table, any other file as plain text.

    Parameters
    ----------
    source, out
        The file to show, values as they are written there, and the page.
    """
    if Path(source).suffix == ".tsv":
        body = table_html(pd.read_csv(source, sep="\t", dtype=str, keep_default_na=False))
    else:
        body = f"<pre>{escape(Path(source).read_text())}</pre>"
    title = escape(Path(source).name)
    with atomic_path(out) as partial:
        partial.write_text(
            f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            f"<style>{STYLE}</style></head><body>\n{body}\n</body></html>\n"
        )


def table_html(table: pd.DataFrame) -> str:
    """Return a table of strings as HTML.

    One that is very wide has a row for every column with something in it instead.
    """
    if table.shape[1] > max(MOST_COLUMNS, table.shape[0]):
        first, table = table.columns[0], table.loc[:, (table != "").any()]
        table = table.set_index(first).T.rename_axis(columns=None).rename_axis(first).reset_index()
    return table.to_html(index=False, border=0, escape=True)
