"""Steps: run a notebook on results; show it as HTML."""

import re
from typing import TYPE_CHECKING

from multiome2vec.io.atomic import atomic_path

if TYPE_CHECKING:
    from nbformat import NotebookNode

KEPT_METADATA = ("kernelspec", "language_info")


def execute_notebook(*, notebook: str, kept: str, out: str, parameters: dict[str, str]) -> None:
    """Run a notebook in this environment's own Python; the same inputs give the same file.

    Parameters
    ----------
    notebook
        With a cell tagged ``parameters``.
    kept
        Notebook as far as it ran, times included. It is there also if a cell failed.
    out
        The executed notebook, without times, paths of this machine or random names of cells.
    parameters
        Values that replace those of the tagged cell.
    """
    import nbformat
    import papermill

    papermill.execute_notebook(
        notebook, kept, parameters=parameters, kernel_name="python3", progress_bar=False
    )
    finished = nbformat.read(kept, as_version=4)
    with atomic_path(out) as partial:
        nbformat.write(without_circumstances(finished), partial)


def without_circumstances(notebook: "NotebookNode") -> "NotebookNode":
    """Take out what differs from run to run: times, papermill's record, names of cells."""
    notebook.metadata = {
        key: value for key, value in notebook.metadata.items() if key in KEPT_METADATA
    }
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
        cell.metadata = {key: value for key, value in cell.metadata.items() if key == "tags"}
    return notebook


def notebook_html(*, notebook: str, out: str) -> None:
    """Show the texts and results of a notebook as one HTML file that needs no network."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(
        embed_images=True, exclude_input=True, mathjax_url="", require_js_url=""
    )
    text, _ = exporter.from_filename(notebook)
    with atomic_path(out) as partial:
        partial.write_text(re.sub(r'<script src=""> ?</script>', "", text))
