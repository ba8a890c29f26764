"""motif_collection, motif_scan and deviations on one small dataset."""

import logging

import anndata as ad
import numpy as np
import pandas as pd
import pysam
import pytest
from multiome2vec.errors import ContractError, UserError
from multiome2vec.steps.deviations import deviations
from multiome2vec.steps.motif_collection import motif_collection
from multiome2vec.steps.motif_scan import motif_scan
from scipy import sparse

SITE, REVERSE = "TGACTCATGG", "CCATGAGTCA"
REGIONS = [
    ("chr2", 0, 60), ("chr1", 100, 160), ("chr1", 300, 360), ("chr2", 100, 160), ("chr1", 400, 460),
]  # fmt: skip
NAMES = [f"{chrom}:{start}-{end}" for chrom, start, end in REGIONS]


def jaspar(name, title, site):
    rows = [
        f"{base} [ {' '.join('20' if letter == base else '0' for letter in site)} ]"
        for base in "ACGT"
    ]
    return "\n".join([f">{name}\t{title}", *rows, ""])


@pytest.fixture
def data(tmp_path):
    """Sites in region 1 (lower case), 3 (other strand) and none elsewhere; a genome of two."""
    rng = np.random.default_rng(3)
    text = {name: "".join(rng.choice(list("AT"), 600)) for name in ("chr1", "chr2")}
    plant = {("chr1", 120): SITE.lower(), ("chr2", 130): REVERSE, ("chr1", 455): SITE}
    for (chrom, at), site in plant.items():
        text[chrom] = text[chrom][:at] + site + text[chrom][at + len(site) :]
    fasta = "".join(f">{name}\n{sequence}\n" for name, sequence in text.items())
    (tmp_path / "genome.fa").write_text(fasta)
    pysam.faidx(str(tmp_path / "genome.fa"))
    (tmp_path / "regions.bed").write_text("".join(f"{c}\t{s}\t{e}\n" for c, s, e in REGIONS))
    collection = (
        jaspar("M1.1", "FOS::JUN(var.2)", SITE)
        + jaspar("M2.1", "GATA1", "GGGGGGCCCC")
        + jaspar("M3.1", "NONE", "GTGTGTGTGTGT")
    )
    (tmp_path / "given.jaspar").write_text(collection)
    motif_collection(
        collection=str(tmp_path / "given.jaspar"),
        taxon="vertebrates",
        factors=None,
        motifs=str(tmp_path / "motifs.jaspar"),
        annotation=str(tmp_path / "motifs.tsv"),
    )
    return tmp_path


def scan(data):
    motif_scan(
        regions=str(data / "regions.bed"),
        genome=str(data / "genome.fa"),
        motifs=str(data / "motifs.jaspar"),
        annotation=str(data / "motifs.tsv"),
        out=str(data / "scores.h5ad"),
        pvalue=5e-5,
    )
    return ad.read_h5ad(data / "scores.h5ad")


def test_collection_names_the_factors(data):
    table = pd.read_csv(data / "motifs.tsv", sep="\t", index_col="motif", keep_default_na=False)
    assert table.columns.tolist() == ["name", "tfs", "family", "tfs_orthology"]
    assert table.loc["M1.1", "tfs"] == "FOS,JUN"
    assert table.index.tolist() == ["M1.1", "M2.1", "M3.1"]


def test_scan_keeps_the_order_of_the_regions(data, caplog):
    with caplog.at_level(logging.INFO):
        scores = scan(data)
    assert scores.obs_names.tolist() == NAMES
    # region 4 ends inside its site
    assert scores[:, "M1.1"].X.toarray().ravel().tolist() == [0, 1, 0, 1, 0]
    assert scores.X.dtype == np.uint8
    assert scores.var.loc["M1.1", "tfs"] == "FOS,JUN"
    assert scores.uns["motifs"]["pvalue"] == 5e-5
    assert scores.obs["gc"].tolist() == pytest.approx([0, 5 / 60, 0, 5 / 60, 2 / 60])
    assert "2 motifs match in no region: M2.1, M3.1" in caplog.text


@pytest.mark.parametrize(
    ("row", "message"),
    [("chr9\t0\t50", "chromosome chr9 is not there"), ("chr1\t580\t640", "chr1 has 600 bp")],
)
def test_regions_of_another_assembly(data, row, message):
    (data / "regions.bed").write_text(f"{row}\n")
    with pytest.raises(UserError, match=message):
        scan(data)


def activity(data, *, drop=0):
    rng = np.random.default_rng(0)
    counts = rng.poisson(4, (12, len(REGIONS)))
    counts[:, 2] = 0
    keep = NAMES[drop:]
    var = pd.DataFrame(REGIONS, columns=["chrom", "start", "end"], index=NAMES)
    obs = pd.DataFrame(index=[f"s1#{i}" for i in range(12)])
    regions = ad.AnnData(sparse.csr_matrix(counts), obs=obs, var=var)
    regions.uns["counting"] = "fragment"
    regions.write_h5ad(data / "regions.h5ad")
    table = pd.DataFrame({"keep": [True] * 11 + [False], "reason": ""}, index=obs.index)
    table.rename_axis("cell").to_csv(data / "barcodes.tsv", sep="\t")
    scores = scan(data)[keep].copy()
    scores.write_h5ad(data / "scores.h5ad")
    deviations(
        regions=str(data / "regions.h5ad"),
        barcodes=str(data / "barcodes.tsv"),
        scores=str(data / "scores.h5ad"),
        out=str(data / "deviations.h5ad"),
        background_sets=20,
        bin_size=5,
        w=1.0,
        seed=0,
    )
    return ad.read_h5ad(data / "deviations.h5ad")


def test_deviations_of_kept_cells_mask_what_is_undefined(data, caplog):
    with caplog.at_level(logging.INFO):
        found = activity(data)
    assert found.shape == (11, 3)
    assert found.X.dtype == np.float32
    mask = found.layers["mask"]
    assert mask[:, 1:].all()
    assert (found.X[mask == 1] == 0).all()
    assert not mask[:, 0].any()
    assert np.isfinite(found.X).all()
    assert found.X[:, 0].std() > 0
    assert "4 of 5 regions have counts in the kept cells; 1 without are left out" in caplog.text
    assert "2 motifs are undefined in all cells: M2.1, M3.1" in caplog.text


def test_scores_of_other_regions_are_refused(data):
    with pytest.raises(ContractError, match="lacks region chr2:0-60"):
        activity(data, drop=1)
