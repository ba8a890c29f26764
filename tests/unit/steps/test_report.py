"""What only the report shows: pages, provenance, the executed notebook."""

import json
from pathlib import Path

import nbformat
import pandas as pd
import pytest
import yaml
from bs4 import BeautifulSoup
from multiome2vec.steps.notebook import execute_notebook, notebook_html
from multiome2vec.steps.provenance import provenance
from multiome2vec.steps.report_page import report_page, table_html

ROOT = Path(__file__).resolve().parents[3]


def test_page_of_a_table_shows_values_as_written(tmp_path):
    (tmp_path / "t.tsv").write_text("name\tvalue\na<b\t0.10\nNA\t\n")
    report_page(source=str(tmp_path / "t.tsv"), out=str(tmp_path / "t.html"))
    text = (tmp_path / "t.html").read_text()
    for cell in ("a&lt;b", "<td>0.10</td>", "<td>NA</td>", "<td></td>", "<title>t.tsv</title>"):
        assert cell in text


def test_page_of_a_text(tmp_path):
    (tmp_path / "c.yaml").write_text("a: <b>\n")
    report_page(source=str(tmp_path / "c.yaml"), out=str(tmp_path / "c.html"))
    assert "<pre>a: &lt;b&gt;\n</pre>" in (tmp_path / "c.html").read_text()


def test_wide_tables_are_turned_and_empty_columns_left_out():
    wide = pd.DataFrame([["m1", *"0123456789ab"], ["m2", *"cdefghijklmn"]])
    wide.columns = ["model", *(f"s{i}" for i in range(12))]
    wide["sd"] = ""  # of one seed
    rows = BeautifulSoup(table_html(wide), "html.parser").find_all("tr")
    head, *body = ([cell.text for cell in row.find_all(["th", "td"])] for row in rows)
    assert head == ["model", "m1", "m2"]
    assert body == [[f"s{i}", "0123456789ab"[i], "cdefghijklmn"[i]] for i in range(12)]


def test_provenance(tmp_path):
    sheet = tmp_path / "in.tsv"
    sheet.write_text("sample\trna\ns1\tx.h5\n")
    outputs = {
        "out_config": str(tmp_path / "config.yaml"),
        "out_sheet": str(tmp_path / "samples.tsv"),
        "software": str(tmp_path / "software.tsv"),
        "out_left_out": str(tmp_path / "left_out.tsv"),
    }
    reasons = [("tasks: match", "no pairs")]
    config = {"b": 1, "a": [True, None]}
    provenance(sheet=str(sheet), config=config, left_out=reasons, **outputs)
    left_out = (tmp_path / "left_out.tsv").read_text()
    assert left_out == "left out\twhy\ntasks: match\tno pairs\n"
    assert (tmp_path / "config.yaml").read_text() == "b: 1\na:\n- true\n- null\n"
    assert yaml.safe_load((tmp_path / "config.yaml").read_text()) == {"b": 1, "a": [True, None]}
    assert (tmp_path / "samples.tsv").read_bytes() == sheet.read_bytes()
    software = pd.read_csv(tmp_path / "software.tsv", sep="\t", index_col="package")["version"]
    assert software["pandas"] == pd.__version__
    assert software.index.is_monotonic_increasing


def notebook(path, last: str) -> str:
    code = nbformat.v4.new_code_cell
    cells = [
        code("word = 'default'", metadata={"tags": ["parameters"]}),
        code("import sys\nprint(word, sys.prefix == PREFIX)"),
        code(last),
    ]
    cells.insert(1, code(f"PREFIX = {json.dumps(__import__('sys').prefix)}"))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return str(path)


def run(source, folder: Path) -> nbformat.NotebookNode:
    folder.mkdir()
    execute_notebook(
        notebook=source,
        kept=str(folder / "kept.ipynb"),
        out=str(folder / "out.ipynb"),
        parameters={"word": "given"},
    )
    return nbformat.read(folder / "out.ipynb", as_version=4)


def test_notebook_runs_in_this_environment_and_repeats(tmp_path):
    source = notebook(tmp_path / "n.ipynb", "1 + 1")
    found = run(source, tmp_path / "one")
    assert found.cells[3].outputs[0].text == "given True\n"
    assert set(found.metadata) <= {"kernelspec", "language_info"}
    assert [cell.id for cell in found.cells] == [f"cell-{i}" for i in range(5)]
    run(source, tmp_path / "two")
    one, two = (tmp_path / name / "out.ipynb" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    notebook_html(notebook=str(one), out=str(tmp_path / "n.html"))
    text = (tmp_path / "n.html").read_text()
    assert "given True" in text
    assert "1 + 1" not in text
    assert 'src="http' not in text


def test_failed_notebook_is_kept_but_is_no_output(tmp_path):
    from papermill import PapermillExecutionError

    source = notebook(tmp_path / "n.ipynb", "raise ValueError('planted')")
    with pytest.raises(PapermillExecutionError, match="planted"):
        run(source, tmp_path / "bad")
    assert "planted" in (tmp_path / "bad/kept.ipynb").read_text()
    assert not (tmp_path / "bad/out.ipynb").exists()


def test_committed_notebook_is_clean():
    """Without results, with one cell of parameters that the rule's names fill."""
    source = nbformat.read(ROOT / "workflow/notebooks/explore_embedding.ipynb", as_version=4)
    nbformat.validate(source)
    code = [cell for cell in source.cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in code] == [[]] * len(code)
    tagged = [cell.source for cell in code if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    names = [line.split(" = ")[0] for line in tagged[0].strip().splitlines()]
    assert names == ["embedding", "umap", "matrices", "leaderboard"]
