import numpy as np
import pandas as pd
import pytest
from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.qc.limits import HIGH, LOW, deviation_limits, make_limits, outside
from multiome2vec.qc.mitochondrial import mitochondrial_genes
from multiome2vec.qc.reasons import REASONS, join_reasons
from multiome2vec.qc.rna import rna_limits, rna_metrics
from scipy import sparse

AUTO = {
    "mode": "auto",
    "min_genes": 200,
    "max_genes": None,
    "max_pct_mt": 25,
    "mads_counts": 5,
    "mads_mt": 3,
}


def metrics_of(genes, counts, mt):
    index = pd.Index([f"c{i}" for i in range(len(genes))])
    return pd.DataFrame({keys.N_GENES: genes, keys.TOTAL_COUNTS: counts, keys.PCT_MT: mt}, index)


def test_metrics_agree_with_scanpy():
    import anndata as ad
    import scanpy as sc

    counts = sparse.random(30, 50, density=0.3, random_state=0, format="csr")
    counts.data = np.ceil(5 * counts.data)
    genes = pd.Index([f"mt-{i}" if i < 5 else f"G{i}" for i in range(50)])
    barcodes = pd.Index([f"b{i}" for i in range(30)])
    mitochondrial = mitochondrial_genes(
        pd.DataFrame(index=genes), prefix="MT-", places=None, mitochondrion=None
    )
    found = rna_metrics(counts, barcodes=barcodes, mitochondrial=mitochondrial)
    adata = ad.AnnData(counts, var=pd.DataFrame({"mt": genes.str.startswith("mt-")}, index=genes))
    expected, _ = sc.pp.calculate_qc_metrics(adata, qc_vars=["mt"], percent_top=None)
    for column in (keys.N_GENES, keys.TOTAL_COUNTS, keys.PCT_MT):
        np.testing.assert_allclose(found[column], expected[column], rtol=1e-5)


PLACES = pd.DataFrame(
    [
        ("NC_012920.1", "ND1", "FBgn0000001"),
        ("NC_012920.1", "TRNF", "gene-TRNF"),
        ("NC_000001.11", "MT-LIKE", "ENSG3"),
        ("NC_000001.11", "A", "ENSG4"),
    ],
    columns=["chrom", "gene_name", "gene_id"],
)


@pytest.mark.parametrize(
    ("names", "ids", "mitochondrion", "found"),
    [
        (["ND1", "MT-LIKE", "A", "mt-new"], None, "NC_012920.1", [1, 0, 0, 1]),
        (
            ["x", "y", "z", "TRNF"],
            ["FBgn0000001", "ENSG3", "ENSG4", "?"],
            "NC_012920.1",
            [1, 0, 0, 1],
        ),
        (["ND1", "MT-LIKE", "A", "mt-new"], None, None, [0, 1, 0, 1]),  # the prefix alone
        (["B", "MT-LIKE", "A", "mt-new"], None, "NC_012920.1", [0, 1, 0, 1]),  # other names
    ],
)
def test_mitochondrial_genes_by_chromosome_then_by_prefix(names, ids, mitochondrion, found):
    genes = pd.DataFrame({keys.GENE_ID: ids} if ids else {}, index=names)
    told = mitochondrial_genes(genes, prefix="MT-", places=PLACES, mitochondrion=mitochondrion)
    assert told.astype(int).tolist() == found


def test_empty_barcodes_and_data_without_mitochondrial_genes(caplog):
    counts = sparse.csr_matrix(np.array([[0, 0], [1, 2]]))
    none = mitochondrial_genes(
        pd.DataFrame(index=["A", "B"]), prefix="MT-", places=None, mitochondrion=None
    )
    found = rna_metrics(counts, barcodes=pd.Index(["a", "b"]), mitochondrial=none)
    assert found[keys.PCT_MT].tolist() == [0, 0]
    assert "qc.rna.mt_prefix" in caplog.text


def test_deviation_limits_by_hand():
    assert deviation_limits(np.array([1.0, 2, 3, 4, 100]), mads=3) == (0, 6)
    assert deviation_limits(np.ones(9), mads=3) == (None, None)


def test_auto_limits_ignore_empty_droplets():
    rng = np.random.default_rng(0)
    genes, counts = rng.normal(2000, 200, 300), rng.normal(6000, 900, 300)
    mt = rng.normal(5, 1, 300).clip(0)
    real = metrics_of(genes, counts, mt)
    empty = metrics_of(np.full(5000, 20.0), np.full(5000, 30.0), np.full(5000, 60.0))
    alone = rna_limits(real, **AUTO)
    mixed = rna_limits(pd.concat([real, empty.add_prefix("")]), **AUTO)
    pd.testing.assert_frame_equal(alone, mixed)
    logs = np.log1p(counts)
    deviation = np.median(np.abs(logs - np.median(logs)))
    expected = np.expm1(np.median(logs) + 5 * deviation)
    assert alone.loc[keys.TOTAL_COUNTS, HIGH] == pytest.approx(expected)
    assert alone.loc[keys.PCT_MT, HIGH] == pytest.approx(
        np.median(mt) + 3 * np.median(np.abs(mt - np.median(mt)))
    )
    assert np.isnan(alone.loc[keys.PCT_MT, LOW])


def test_auto_limits_are_bounded_by_the_configured_ones():
    rng = np.random.default_rng(0)
    wide = metrics_of(
        rng.lognormal(7, 1.5, 400) + 200, rng.uniform(300, 1e5, 400), rng.uniform(0, 90, 400)
    )
    limits = rna_limits(wide, **AUTO)
    assert limits.loc[keys.N_GENES, LOW] == 200
    assert limits.loc[keys.PCT_MT, HIGH] == 25


def test_too_few_barcodes_fall_back_on_fixed_limits(caplog):
    few = metrics_of([300] * 5 + [10] * 50, [500] * 55, [1.0] * 55)
    limits = rna_limits(few, **AUTO)
    assert limits.loc[keys.N_GENES, LOW] == 200
    assert np.isnan(limits.loc[keys.TOTAL_COUNTS, HIGH])
    assert "too few" in caplog.text


def test_fixed_and_none():
    table = metrics_of([100, 3000, 5000], [1, 2, 3], [5, 30, 5])
    fixed = rna_limits(table, **(AUTO | {"mode": "fixed", "max_genes": 4300}))
    assert join_reasons(outside(table, fixed)).tolist() == ["low_genes", "high_mt", "high_genes"]
    none = rna_limits(table, **(AUTO | {"mode": "none"}))
    assert not outside(table, none).to_numpy().any()
    with pytest.raises(UserError, match=r"qc\.rna\.mode is 'strict'"):
        rna_limits(table, **(AUTO | {"mode": "strict"}))


def test_limits_are_inclusive_and_missing_metrics_pass():
    table = metrics_of([200, 199, np.nan], [1, 1, 1], [25.0, 25.1, np.nan])
    limits = make_limits({keys.N_GENES: (200, None), keys.PCT_MT: (None, 25)})
    assert join_reasons(outside(table, limits)).tolist() == ["", "low_genes;high_mt", ""]


def test_unknown_reason_is_refused():
    with pytest.raises(KeyError, match="odd"):
        join_reasons(pd.DataFrame({"odd": [True]}))
    assert all(text.endswith(".") for text in REASONS.values())
