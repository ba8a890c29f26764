"""The page of enriched motifs shows what both methods found, once and escaped."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from multiome2vec.plots.enrichment import best_of_each, enrichment_html, side_by_side

TEMPLATE = Path(__file__).resolve().parents[3] / "workflow/report/enrichment.html.j2"
NAMES = {
    "M1": ("GATA1::TAL1", "GATA1,TAL1", "GATA2"),
    "M2": ("<b>&x", "SPI1", ",".join(f"TF{i}" for i in range(7))),
    "M3": ("JUN", "JUN", ""),
}
ENRICHED = [
    ("topics_otsu", "Topic10", "M1", 5.5, 0.1, 1200.0, 80.0),
    ("topics_otsu", "Topic10", "M2", 3.25, 0.05, 7.0, 60.0),
    ("dars", "B cell", "M1", 4.0, 0.2, 3.0, 9.0),
]
DIFFERENT = [
    ("topics_otsu", "Topic10", "M3", 2.0, 1e-9),
    ("topics_otsu", "Topic10", "M2", 1.5, 0.04),
    ("topics_otsu", "Topic2", "M3", 1.25, 2e-3),
]
SIZES = {("topics_otsu", "Topic10"): 1500, ("topics_otsu", "Topic2"): 20, ("dars", "B cell"): 30,
         ("dars", "T cell"): 12}  # fmt: skip


def table(rows, columns):
    found = pd.DataFrame(rows, columns=["kind", "region_set", "motif", *columns])
    found["kind"] = found["kind"].astype(object)
    for place, name in enumerate(("name", "tfs", "tfs_orthology")):
        found[name] = [NAMES[motif][place] for motif in found["motif"]]
    return found


@pytest.fixture
def joined():
    enriched = table(ENRICHED, ["nes", "auc", "n_hits", "rank_at_max"])
    return side_by_side(enriched, table(DIFFERENT, ["log2fc", "padj"]))


def page(joined, sizes=SIZES):
    html = enrichment_html(
        joined, sizes=sizes, counts={name: np.eye(4)[:, ::-1] for name in NAMES},
        template=TEMPLATE.read_text(),
        thresholds={"min_nes": 3.0, "max_padj": 0.05, "min_log2fc": 1.0},
    )  # fmt: skip
    return html, BeautifulSoup(html, "html.parser")


def cells(section):
    return [[cell.text for cell in row.find_all("td")] for row in section.tbody.find_all("tr")]


def test_both_methods_side_by_side(joined):
    keys = list(zip(joined["region_set"], joined["motif"], strict=True))
    assert keys == [
        ("Topic10", "M1"), ("Topic10", "M2"), ("Topic10", "M3"), ("B cell", "M1"), ("Topic2", "M3")
    ]  # fmt: skip
    assert joined["nes"].isna().tolist() == [False, False, True, False, True]
    assert joined["log2fc"].isna().tolist() == [True, False, False, True, False]


def test_the_best_by_either_method_are_kept(joined):
    kept = best_of_each(joined, most=2)
    assert kept.loc[kept["region_set"] == "Topic10", "motif"].tolist() == ["M1", "M3"]
    assert len(kept) == 4
    assert best_of_each(joined[:0], most=2).empty


def test_page_has_a_table_per_set_with_motifs(joined):
    _, soup = page(joined)
    sections = soup.find_all("section")
    assert [section.h2.text for section in sections] == [
        "topics_otsu Topic2", "topics_otsu Topic10", "dars B cell"
    ]  # fmt: skip
    assert cells(sections[1]) == [
        ["", "M1", "GATA1::TAL1", "GATA1, TAL1", "GATA2", "5.50", "0.1000", "1,200", "80", "", ""],
        ["", "M2", "<b>&x", "SPI1", "TF0, TF1, TF2, TF3 +3", "3.25", "0.0500", "7", "60", "1.50",
         "4.0e-02"],
        ["", "M3", "JUN", "JUN", "", "", "", "", "", "2.00", "1.0e-09"],
    ]  # fmt: skip
    assert "1,500 regions; 2 motifs by cisTarget, 2 by DEM" in sections[1].p.text
    titles = [cell["title"] for cell in sections[1].find_all("td", title=True)]
    assert titles == ["TF0, TF1, TF2, TF3, TF4, TF5, TF6"]
    overview = cells(soup.find(id="overview"))
    assert [row[1:5] for row in overview] == [
        ["Topic2", "20", "0", "1"], ["Topic10", "1,500", "2", "2"],
        ["B cell", "30", "1", "0"], ["T cell", "12", "0", "0"],
    ]  # fmt: skip


def test_each_logo_is_stored_once_and_the_page_is_self_contained(joined):
    html, soup = page(joined)
    ids = [symbol["id"] for symbol in soup.find_all("symbol")]
    assert len(ids) == len(set(ids)) == 3
    used = [use["href"].removeprefix("#") for use in soup.find_all("use")]
    assert len(used) == 5
    assert set(used) == set(ids)
    assert {svg["aria-label"] for svg in soup.select("svg.logo")} == {"TGCA"}
    anchors = {link["href"].removeprefix("#") for link in soup.find_all("a")}
    assert anchors == {section["id"] for section in soup.find_all("section")}
    assert "http" not in html
    assert "<b>" not in html


def test_names_cannot_break_out_of_the_page(joined):
    evil = '"><script>alert(1)</script>'
    joined["region_set"], joined["tfs"] = evil, ",".join([evil] * 9)
    html, soup = page(joined[:2].assign(motif=["M1", "M2"]), {("topics_otsu", evil): 3})
    assert len(soup.find_all("script")) == 1
    assert "<script>alert" not in html
    assert soup.section.h2.text == f"topics_otsu {evil}"


def test_at_most_fifty_motifs_of_a_set_are_shown():
    rows = [("dars", "a", "M1", 9 - i / 100, 0.1, 1.0, 1.0) for i in range(60)]
    many = table(rows, ["nes", "auc", "n_hits", "rank_at_max"])
    many["motif"] = [f"N{i}" for i in range(60)]
    joined = side_by_side(many, table([], ["log2fc", "padj"]).astype({"log2fc": float}))
    counts = {f"N{i}": np.eye(4) for i in range(60)}
    soup = BeautifulSoup(
        enrichment_html(
            joined, sizes={("dars", "a"): 9}, counts=counts, template=TEMPLATE.read_text(),
            thresholds={"min_nes": 3.0, "max_padj": 0.05, "min_log2fc": 1.0},
        ),
        "html.parser",
    )  # fmt: skip
    assert [row[1] for row in cells(soup.section)] == [f"N{i}" for i in range(50)]
    assert "50 of 60 shown" in soup.section.p.text


def test_a_page_without_motifs_says_so(joined):
    _, soup = page(joined[:0])
    assert soup.section is None
    assert "No motif is enriched in any set." in soup.text
    assert len(cells(soup.find(id="overview"))) == 4
