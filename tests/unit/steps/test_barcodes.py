"""One table of barcodes per sample, whatever it has."""

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from multiome2vec.errors import UserError
from multiome2vec.steps.barcodes import barcodes

SETTINGS = {
    "sample": "s1",
    "metadata": {"batch": "b1"},
    "barcode_transform": "none",
    "min_overlap": 0.5,
    "min_fragments": 10,
}


def rna(tmp_path, names=("AA-1", "CC-1", "GG-1")):
    obs = pd.DataFrame({"donor": [f"d{i}" for i in range(len(names))]}, index=list(names))
    ad.AnnData(np.ones((len(names), 1)), obs=obs).write_h5ad(tmp_path / "rna.h5ad")
    return str(tmp_path / "rna.h5ad")


def census(tmp_path, **counts):
    table = pd.DataFrame({"barcode": list(counts), "n_fragments": list(counts.values())})
    table["barcode"] = table["barcode"].str.replace("_", "-")
    table.to_csv(tmp_path / "census.tsv", sep="\t", index=False)
    return str(tmp_path / "census.tsv")


def made(tmp_path, **given) -> pd.DataFrame:
    out = tmp_path / "barcodes.tsv"
    files = {"rna": None, "census": None, "regions": None}
    barcodes(**(files | SETTINGS | given), out=str(out))
    return pd.read_csv(out, sep="\t", index_col="cell", keep_default_na=False)


def test_rna_leads_and_spellings_are_kept_apart(tmp_path):
    found = made(
        tmp_path,
        rna=rna(tmp_path),
        census=census(tmp_path, AA=50, GG=3, TT=99),
        barcode_transform="strip-suffix",
    )
    assert list(found.index) == ["s1#AA-1", "s1#CC-1", "s1#GG-1"]
    assert found["in_atac"].tolist() == [True, False, True]
    assert found["fragment_barcode"].tolist() == ["AA", "", "GG"]
    assert set(found["batch"]) == {"b1"}


def test_fragments_alone_need_a_few_each(tmp_path):
    found = made(tmp_path, census=census(tmp_path, TT_1=99, AA_1=10, CC_1=9))
    assert list(found.index) == ["s1#AA-1", "s1#TT-1"]
    assert not found["in_rna"].any()
    with pytest.raises(UserError, match=r"no barcode has 10 fragments \(ingest.min_fragments\)"):
        made(tmp_path, census=census(tmp_path, AA_1=9))


def test_too_little_overlap_stops(tmp_path):
    with pytest.raises(UserError, match="s1"):
        made(tmp_path, rna=rna(tmp_path), census=census(tmp_path, AA_1=50, TT_1=50))


def test_the_only_respelling_is_found_if_the_sheet_names_none(tmp_path, caplog):
    names = ("AAAACCCA-1", "CCTCGGAG-1", "GGATTTTT-1")
    given = {
        "rna": rna(tmp_path, names),
        "census": census(tmp_path, AAAACCCA=50, CCTCGGAG=9, TTGTAACA=99),
    }
    found = made(tmp_path, **given, barcode_transform="")
    assert found["fragment_barcode"].tolist() == ["AAAACCCA", "CCTCGGAG", ""]
    assert "strip-suffix" in caplog.text
    with pytest.raises(UserError, match="Write 'strip-suffix'"):
        made(tmp_path, **given, barcode_transform="none")


def test_barcodes_of_two_lists_are_translated(tmp_path):
    (tmp_path / "pairs.tsv").write_text("AAAACCCA\tTTTTTTTT\nCCTCGGAG\tGGGGGGGG\n")
    found = made(
        tmp_path,
        rna=rna(tmp_path, ("AAAACCCA-1", "CCTCGGAG-1")),
        census=census(tmp_path, TTTTTTTT_1=50, GGGGGGGG_1=9),
        barcode_transform="",
        translation=str(tmp_path / "pairs.tsv"),
    )
    assert found["fragment_barcode"].tolist() == ["TTTTTTTT-1", "GGGGGGGG-1"]


def test_metadata_from_a_column_of_the_rna(tmp_path):
    found = made(tmp_path, rna=rna(tmp_path), metadata={"donor": "obs:donor"})
    assert found["donor"].tolist() == ["d0", "d1", "d2"]
    with pytest.raises(UserError, match="needs an RNA h5ad in the same row"):
        made(tmp_path, census=census(tmp_path, AA_1=50), metadata={"donor": "obs:donor"})
