"""count_regions, merge_regions and final_qc on one small dataset."""

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from multiome2vec.errors import UserError
from multiome2vec.steps.count_regions import count_regions
from multiome2vec.steps.final_qc import final_qc
from multiome2vec.steps.merge_regions import merge_regions
from toy_chromosomes import write_chromosomes

NAMES = ["chr1:100-200", "chr1:300-400", "chr2:0-50"]
CELLS = ["s1#A", "s1#B", "s2#A", "s2#C"]


@pytest.fixture
def data(tmp_path):
    rows = [
        f"{name.replace(':', chr(9)).replace('-', chr(9))}\t{name}\t0\t.\t.\n" for name in NAMES
    ]
    (tmp_path / "consensus.bed").write_text("".join(rows))
    write_chromosomes(tmp_path / "chromosomes.tsv", chr1=1000, chr2=500, chrM=100)
    header = "cell\tbarcode\tfragment_barcode\tin_rna\tin_atac\tsample\tbatch\tkeep\treason\n"
    (tmp_path / "pre.tsv").write_text(
        header
        + "s1#A\tA\tA-1\tTrue\tTrue\ts1\tb1\tTrue\t\n"
        + "s1#B\tB\tB-1\tTrue\tTrue\ts1\tb1\tTrue\t\n"
        + "s1#X\tX\tX-1\tTrue\tTrue\ts1\tb1\tFalse\tlow_genes;low_fragments\n"
        + "s1#R\tR\t\tTrue\tFalse\ts1\tb1\tFalse\tnot_in_atac\n"
        + "s2#A\tA\tA-1\tTrue\tTrue\ts2\tb2\tTrue\t\n"
        + "s2#C\tC\tC-1\tTrue\tTrue\ts2\tb2\tTrue\t\n"
        + "s2#D\tD\tD-1\tTrue\tTrue\ts2\tb2\tFalse\trna_doublet\n"
    )
    (tmp_path / "s1.tsv").write_text(
        "chr1\t110\t150\tA-1\t2\n"  # both sites in region 1
        "chr1\t150\t350\tA-1\t1\n"  # one in each
        "chr1\t150\t350\tX-1\t1\n"
        "chr1\t210\t290\tB-1\t1\n"  # outside
        "chr1\t500\t600\tB-1\t1\n"
        "chr2\t40\t120\tB-1\t1\n"
        "chrM\t1\t50\tB-1\t1\n"
    )
    (tmp_path / "s2.tsv").write_text("chr1\t90\t120\tA-1\t1\nchr1\t700\t720\tC-1\t1\n")
    return tmp_path


def count(data, *, counting="paired-insertion", min_cells=1, max_cells=None):
    count_regions(
        barcodes=str(data / "pre.tsv"),
        fragments={sample: str(data / f"{sample}.tsv") for sample in ("s1", "s2")},
        bed=str(data / "consensus.bed"),
        chromosomes=str(data / "chromosomes.tsv"),
        out=str(data / "regions.h5ad"),
        counting=counting,
        min_cells=min_cells,
        max_cells=max_cells,
        assembly="toy",
    )
    return ad.read_h5ad(data / "regions.h5ad")


def test_counts_of_all_samples(data):
    adata = count(data)
    assert adata.obs_names.tolist() == CELLS
    assert adata.var_names.tolist() == NAMES
    assert adata.X.toarray().tolist() == [[2, 1, 0], [0, 0, 1], [1, 0, 0], [0, 0, 0]]
    assert adata.obs["n_fragment_total"].tolist() == [2, 3, 1, 1]  # without chrM
    assert adata.obs["n_fragment_in_regions"].tolist() == [2, 1, 1, 0]
    assert adata.obs["batch"].tolist() == ["b1", "b1", "b2", "b2"]
    assert adata.uns["counting"] == "paired-insertion"
    assert adata.uns["assembly"] == "toy"
    assert count(data, counting="insertion").X.toarray()[0].tolist() == [3, 1, 0]


def test_regions_in_few_cells_are_dropped_but_count_for_frip(data):
    adata = count(data, min_cells=2)
    assert adata.var_names.tolist() == NAMES[:1]
    assert adata.uns["n_regions"] == 3
    assert adata.obs["n_fragment_in_regions"].tolist() == [2, 1, 1, 0]
    with pytest.raises(
        UserError, match="None of the 3 regions is open in 4 to 4 of the 4 kept cells"
    ):
        count(data, min_cells=4)


def test_regions_in_many_cells_are_dropped(data):
    assert count(data, max_cells=1).var_names.tolist() == NAMES[1:]
    with pytest.raises(UserError, match="None of the 3 regions is open in 2 to 1 of the 4"):
        count(data, min_cells=2, max_cells=1)


def test_no_kept_cell(data):
    text = (data / "pre.tsv").read_text().replace("\tTrue\t\n", "\tFalse\texcluded\n")
    (data / "pre.tsv").write_text(text)
    with pytest.raises(UserError, match="No kept cell has ATAC data"):
        count(data)


def ready(path, barcodes, counts, *, names=NAMES, unit="fragment"):
    var = pd.DataFrame(index=names)
    var["chrom"] = [name.split(":")[0] for name in names]
    var["start"] = [int(name.split(":")[1].split("-")[0]) for name in names]
    var["end"] = [int(name.split("-")[1]) for name in names]
    adata = ad.AnnData(
        sp.csr_matrix(np.array(counts, dtype=np.int32)), pd.DataFrame(index=barcodes), var
    )
    adata.uns["counting"] = unit
    adata.write_h5ad(path)
    return str(path)


def merge(data, matrices):
    merge_regions(
        barcodes=str(data / "pre.tsv"),
        matrices=matrices,
        bed=str(data / "consensus.bed"),
        out=str(data / "regions.h5ad"),
        min_cells=1,
        max_cells=None,
        assembly="toy",
    )
    return ad.read_h5ad(data / "regions.h5ad")


def test_ready_matrices_are_merged_by_barcode_and_region_name(data):
    one = ready(data / "1.h5ad", ["X-1", "B-1", "A-1"], [[9, 9, 9], [1, 2, 3], [4, 5, 6]])
    two = ready(data / "2.h5ad", ["A-1", "C-1"], [[1, 0, 7], [0, 1, 0]], names=NAMES[::-1])
    adata = merge(data, {"s1": one, "s2": two})
    assert adata.obs_names.tolist() == CELLS
    assert adata.X.toarray().tolist() == [[4, 5, 6], [1, 2, 3], [7, 0, 1], [0, 1, 0]]
    assert adata.uns["counting"] == "fragment"
    assert "n_fragment_total" not in adata.obs


def test_ready_matrices_in_different_units_are_refused(data):
    one = ready(data / "1.h5ad", ["A-1", "B-1"], [[1, 2, 3], [4, 5, 6]])
    two = ready(data / "2.h5ad", ["A-1", "C-1"], [[1, 0, 7], [0, 1, 0]], unit="insertion")
    with pytest.raises(UserError, match=r"s1: fragment, s2: insertion"):
        merge(data, {"s1": one, "s2": two})


def rna(path, n_genes):
    names = [f"g{i}" for i in range(n_genes)]
    ad.AnnData(np.zeros((1, n_genes), np.float32), var=pd.DataFrame(index=names)).write_h5ad(path)
    return str(path)


def finish(data, *, min_frip, regions=True, **judged):
    final_qc(
        barcodes=str(data / "pre.tsv"),
        regions=str(data / "regions.h5ad") if regions else None,
        rna={s: rna(data / f"{s}.rna.h5ad", n) for s, n in (("s1", 9), ("s2", 8))},
        annotation=rna(data / "all.rna.h5ad", 6),
        table=str(data / "barcodes.tsv"),
        counts=str(data / "counts.tsv"),
        samples=str(data / "samples.tsv"),
        min_frip=min_frip if isinstance(min_frip, dict) else dict.fromkeys(("s1", "s2"), min_frip),
        **({"least_cells": 1, "failed_samples": "stop"} | judged),
    )
    table = pd.read_csv(data / "barcodes.tsv", sep="\t", index_col="cell", keep_default_na=False)
    return table, pd.read_csv(data / "counts.tsv", sep="\t")


def test_frip_final_verdict_and_account(data):
    text = (data / "s2.tsv").read_text() + "chr2\t10\t20\tC-1\t1\n"
    (data / "s2.tsv").write_text(text)
    count(data, min_cells=2)
    table, counts = finish(data, min_frip=0.4)
    assert len(table) == 7
    assert table["frip"].tolist() == ["1.0", "0.333333", "", "", "1.0", "0.5", ""]
    assert table["keep"].tolist() == [True, False, False, False, True, True, False]
    assert table["reason"][["s1#A", "s1#B", "s1#X"]].tolist() == [
        "",
        "low_frip",
        "low_genes;low_fragments",
    ]
    rows = counts[(counts["sample"] == "s1") & (counts["modality"] == "rna")]
    assert list(zip(rows["step"], rows["cells"], rows["features"], strict=True)) == [
        ("delivered", 4, 9),
        ("rna_qc", 3, 9),
        ("doublets", 3, 9),
        ("atac_qc", 3, 9),
        ("joint", 2, 9),
        ("min_cells", 2, 6),
        ("frip", 1, 6),
        ("samples", 1, 6),
    ]
    rows = counts[(counts["sample"] == "s2") & (counts["modality"] == "atac")]
    assert rows["cells"].tolist() == [3, 3, 2, 2, 2, 2, 2, 2]
    assert rows["features"].tolist() == [3, 3, 3, 3, 3, 2, 2, 2]


def test_without_threshold_or_fragments_nothing_is_dropped(data):
    count(data)
    table, _ = finish(data, min_frip=None)
    assert table["keep"].sum() == 4
    table, counts = finish(data, min_frip=0.9, regions=False)
    assert table["keep"].sum() == 4
    assert (table["frip"] == "").all()
    assert set(counts["modality"]) == {"rna"}


def test_samples_with_few_cells_are_refused_or_dropped(data):
    count(data)
    only_s1 = {"s1": 0.5, "s2": 0.0}  # a limit of one sample
    with pytest.raises(
        UserError, match=r"(?s)2 of 2 samples .*s1: frip took 2 of 4; s2: frip took 2"
    ):
        finish(data, min_frip=1.01)
    with pytest.raises(UserError, match=r"1 of 2 samples have fewer than 2 cells .*: s1\."):
        finish(data, min_frip=only_s1, least_cells=2)
    table, counts = finish(data, min_frip=only_s1, least_cells=2, failed_samples="drop")
    assert table.index[table["keep"]].tolist() == ["s2#A", "s2#C"]
    assert table.loc["s1#A", "reason"] == "failed_sample"
    left = counts[counts["step"] == "samples"].set_index(["sample", "modality"])["cells"]
    assert left.to_dict() == {(s, m): n for s, n in (("s1", 0), ("s2", 2)) for m in ("rna", "atac")}
    samples = pd.read_csv(data / "samples.tsv", sep="\t", index_col="sample")
    assert samples["status"].to_dict() == {"s1": "failed", "s2": "passed"}
    assert samples.loc["s1", ["delivered", "frip", "took_most"]].tolist() == [4, 1, "rna_qc"]
