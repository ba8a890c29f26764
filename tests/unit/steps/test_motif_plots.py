"""enrichment_page and deviations_plot: files in, page and figure out."""

from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from multiome2vec.errors import ContractError
from multiome2vec.steps import deviations_plot as plot_step
from multiome2vec.steps.deviations_plot import deviations_plot
from multiome2vec.steps.enrichment_page import enrichment_page

TEMPLATE = Path(__file__).resolve().parents[3] / "workflow/report/enrichment.html.j2"
HEAD = "kind\tregion_set\tmotif\tname\ttfs\ttfs_orthology"


@pytest.fixture
def data(tmp_path):
    (tmp_path / "enrichment.tsv").write_text(
        f"{HEAD}\tnes\tauc\trank_at_max\tn_hits\ndars\tNA\tM1\tNA\tNA\t\t4.256\t0.0443\t43\t23\n"
    )
    (tmp_path / "dem.tsv").write_text(
        f"{HEAD}\tlog2fc\tpvalue\tpadj\tmean_foreground\tmean_background\n"
    )
    rows = "".join(
        f"{base} [ {n} {9 - n} ]\n" for base, n in zip("ACGT", (9, 0, 3, 1), strict=True)
    )
    (tmp_path / "motifs.jaspar").write_text(f">M1\tNA\n{rows}")
    (tmp_path / "dars").mkdir()
    (tmp_path / "dars/NA.bed").write_text("chr1\t0\t500\nchr1\t600\t1100\n")
    return tmp_path


def write_page(data, **options):
    enrichment_page(
        enrichment=str(data / "enrichment.tsv"),
        dem=str(data / "dem.tsv"),
        motifs=str(data / "motifs.jaspar"),
        folders={"dars": str(data / "dars")},
        template=str(TEMPLATE),
        thresholds={"min_nes": 3.0, "max_padj": 0.05, "min_log2fc": 1.0},
        out=str(data / "page.html"),
        **options,
    )
    return (data / "page.html").read_text("utf-8")


def test_page_of_tables_where_dem_found_nothing(data):
    html = write_page(data)
    row = BeautifulSoup(html, "html.parser").section.tbody.tr
    texts = [cell.text for cell in row.find_all("td")]
    assert texts == ["", "M1", "NA", "NA", "", "4.26", "0.0443", "23", "43", "", ""]
    assert str(data) not in html
    assert html == write_page(data)


def test_motifs_of_a_database_have_no_logo_and_pycistarget_no_p_value(data):
    text = (data / "motifs.jaspar").read_text()
    (data / "motifs.jaspar").write_text(text.replace("M1", "M2"))
    with open(data / "dem.tsv", "a") as dem:
        dem.write("dars\tNA\tM2\tX\t\t\t1.5\t\t0.01\t2\t1\n")
    page = BeautifulSoup(write_page(data, of_database=True), "html.parser")
    rows = [row.find_all("td") for row in page.find_all("tr") if len(row.find_all("td")) == 11]
    assert [row[1].text for row in rows] == ["M1", "M2"]
    assert [row[0].svg is not None for row in rows] == [False, True]
    assert [cell.text for cell in rows[1][-2:]] == ["1.50", "1.0e-02"]


def test_tables_of_other_sets_or_motifs_are_refused(data):
    (data / "dars/NA.bed").rename(data / "dars/T.bed")
    with pytest.raises(ContractError, match=r"region set dars/NA, of which there is no BED"):
        write_page(data)
    text = (data / "motifs.jaspar").read_text()
    (data / "motifs.jaspar").write_text(text.replace("M1", "M2"))
    with pytest.raises(ContractError, match="lacks motif M1"):
        write_page(data)


def test_figure_shows_means_without_masked_scores(tmp_path, monkeypatch):
    z = np.array([[2, 0], [4, 1], [-1, 3], [0, 5]], dtype=np.float32)
    mask = np.array([[0, 1], [0, 0], [0, 0], [1, 0]], dtype=np.uint8)
    cells = [f"s#{i}" for i in range(4)]
    var = pd.DataFrame({"name": ["a", "b"], "tfs": "", "family": ""}, index=["M1", "M2"])
    adata = ad.AnnData(z, obs=pd.DataFrame(index=cells), var=var)
    adata.layers["mask"], adata.layers["deviation"] = mask, z
    adata.write_h5ad(tmp_path / "deviations.h5ad")
    (tmp_path / "labels.tsv").write_text(
        "cell\tlabel\tlabel_source\ns#2\tT\tx\ns#0\tB\tx\ns#1\tB\tx\ns#3\tT\tx\n"
    )
    shown = {}
    draw = plot_step.deviations_figure
    monkeypatch.setattr(
        plot_step, "deviations_figure", lambda *args: shown.update(means=args[0]) or draw(*args)
    )
    out = tmp_path / "deviations.png"
    deviations_plot(
        deviations=str(tmp_path / "deviations.h5ad"), labels=str(tmp_path / "labels.tsv"),
        out=str(out),
    )  # fmt: skip
    expected = pd.DataFrame({"B": [3.0, 1.0], "T": [-1.0, 4.0]}, index=["M1", "M2"])
    pd.testing.assert_frame_equal(shown["means"], expected, check_names=False)
    first = out.read_bytes()
    assert first[:4] == b"\x89PNG"
    deviations_plot(
        deviations=str(tmp_path / "deviations.h5ad"), labels=str(tmp_path / "labels.tsv"),
        out=str(out),
    )  # fmt: skip
    assert out.read_bytes() == first
