import gzip

import numpy as np
import pandas as pd
import pytest
from multiome2vec.bulk import read
from multiome2vec.bulk.read import read_expression
from multiome2vec.errors import UserError

RNG = np.random.default_rng(0)
GENES = [f"ENSG{number:011d}.{number % 7 + 1}" for number in range(30)]
SAMPLES = [f"GTEX-AB{number}-0001-SM-X" for number in range(8)]
LOG = np.round(RNG.uniform(-9.9658, 15, (30, 8)), 4)


def stem(gene):
    return gene.split(".")[0]


def write(path, values=LOG, *, genes=GENES, samples=SAMPLES, sep="\t"):
    table = pd.DataFrame(values, index=pd.Index(genes, name="sample"), columns=samples)
    table.to_csv(path, sep=sep)
    return path


@pytest.fixture(params=[("a.tsv", "\t"), ("a.csv", ","), ("a.tsv.gz", "\t")])
def table(request, tmp_path):
    name, sep = request.param
    return write(tmp_path / name, sep=sep)


@pytest.mark.parametrize("block", [8, 50, 10_000])
def test_table_is_turned_to_samples_by_genes(table, block, monkeypatch):
    """Whatever the number of rows that are parsed at once."""
    monkeypatch.setattr(read, "BLOCK", block)
    found = read_expression(table, scale="log2_tpm")
    np.testing.assert_array_equal(found.values, LOG.T.astype(np.float32))
    assert list(found.samples) == SAMPLES
    assert list(found.genes) == [stem(gene) for gene in GENES]


def test_only_genes_to_keep_are_parsed(tmp_path):
    """A row that is not wanted may hold anything."""
    path = write(tmp_path / "a.tsv")
    path.write_text(path.read_text() + "ENSG99999999999.1" + "\tnone" * 8 + "\n")
    keep = [stem(GENES[number]) for number in (9, 3, 20)]
    found = read_expression(path, scale="log2_tpm", keep=keep)
    assert list(found.genes) == [stem(GENES[number]) for number in (3, 9, 20)]
    np.testing.assert_array_equal(found.values, LOG[[3, 9, 20]].T.astype(np.float32))


def test_rows_may_be_samples(tmp_path):
    path = write(tmp_path / "a.csv", LOG.T, genes=SAMPLES, samples=GENES, sep=",")
    keep = [stem(gene) for gene in GENES[5:9]]
    found = read_expression(path, scale="log2_tpm", rows="samples", keep=keep)
    np.testing.assert_array_equal(found.values, LOG[5:9].T.astype(np.float32))
    assert list(found.samples) == SAMPLES
    with pytest.raises(UserError, match="none of the 1 genes to keep"):
        read_expression(path, scale="log2_tpm", rows="samples", keep=["TP53"])


def test_genes_do_not_pass_for_samples(tmp_path):
    """A table that is not turned, or turned twice, is refused."""
    with pytest.raises(UserError, match="'ENSG00000000000.1', a gene: they are genes"):
        read_expression(write(tmp_path / "a.tsv"), scale="log2_tpm", rows="samples")
    path = write(tmp_path / "b.tsv", LOG.T, genes=SAMPLES, samples=GENES)
    with pytest.raises(UserError, match="a gene: they are samples"):
        read_expression(path, scale="log2_tpm")


def test_gct(tmp_path):
    rows = ["#1.2", "2\t2", "Name\tDescription\tS1\tS2"]
    rows += ["ENSG00000000001.5\tA B\t0\t1", "ENSG00000000002.1\tC\t0.5\t1000"]
    path = tmp_path / "gene_tpm.gct.gz"
    path.write_bytes(gzip.compress("\n".join(rows).encode()))
    found = read_expression(path, scale="tpm")
    np.testing.assert_allclose(
        found.values, np.log2([[0.001, 0.501], [1.001, 1000.001]]), atol=1e-6
    )
    assert list(found.samples) == ["S1", "S2"]


def test_header_without_a_name_for_row_names(tmp_path):
    path = tmp_path / "r.tsv"
    path.write_text('"S1"\t"S2"\n"ENSG00000000001"\t1\t2\n')
    found = read_expression(path, scale="log2_tpm")
    assert list(found.samples) == ["S1", "S2"]
    assert list(found.genes) == ["ENSG00000000001"]


def test_both_scales_give_the_same(tmp_path):
    tpm = np.exp2(LOG) - 0.001
    as_log = read_expression(write(tmp_path / "log.tsv"), scale="log2_tpm")
    as_tpm = read_expression(write(tmp_path / "tpm.tsv", np.maximum(tpm, 0)), scale="tpm")
    np.testing.assert_allclose(as_tpm.values, as_log.values, atol=2e-3)


@pytest.mark.parametrize(
    ("scale", "value", "message"),
    [
        ("tpm", -9.97, "holds -9.97, which is no TPM"),
        ("log2_tpm", 20_000, "holds 20000, which is no log2"),
        ("log2_tpm", -12, "holds -12, which is no log2"),
        ("tpm", np.inf, "missing or infinite"),
        ("counts", 1, "Unknown scale 'counts'"),
    ],
)
def test_values_of_another_scale_are_refused(tmp_path, scale, value, message):
    values = np.abs(LOG)
    values[4, 2] = value
    with pytest.raises(UserError, match=message):
        read_expression(write(tmp_path / "a.tsv", values), scale=scale)


def test_bad_tables(tmp_path):
    path = tmp_path / "bad.tsv"
    with pytest.raises(UserError, match="does not exist"):
        read_expression(path, scale="tpm")
    path.write_text("gene\tS1\tS2\nA\t1\t2\nB\t1\tNA\n")
    with pytest.raises(UserError, match="'NA' in row 'B', column 'S2' is no number"):
        read_expression(path, scale="tpm")
    path.write_text("gene\tS1\tS2\nA\t1\t1_000\n")
    with pytest.raises(UserError, match="'1_000' in row 'A', column 'S2' is no number"):
        read_expression(path, scale="tpm")
    path.write_text("gene\tS1\tS2\nA\t1\t2\nB\t1\n")
    with pytest.raises(UserError, match="row 'B' has 1 values, its header 2"):
        read_expression(path, scale="tpm")
    path.write_text("gene\tS1\tS1\nA\t1\t2\n")
    with pytest.raises(UserError, match="sample 'S1' occurs more than once"):
        read_expression(path, scale="tpm")
    path.write_text("some text\n")
    with pytest.raises(UserError, match="is no table"):
        read_expression(path, scale="tpm")
    with pytest.raises(UserError, match="they can be genes or samples"):
        read_expression(write(path), scale="log2_tpm", rows="cells")


def test_a_table_that_is_cut_short(tmp_path):
    path = write(tmp_path / "a.tsv.gz")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(UserError, match="cut short"):
        read_expression(path, scale="log2_tpm")
