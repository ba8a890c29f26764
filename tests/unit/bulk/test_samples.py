import numpy as np
import pandas as pd
import pytest
from multiome2vec import keys
from multiome2vec.bulk.expression import Expression
from multiome2vec.bulk.samples import as_anndata, read_tissues
from multiome2vec.errors import UserError

SAMPLES = ["GTEX-1117F-0226-SM-5GZZ7", "GTEX-1117F-0426-SM-5EGHI", "GTEX-WFG7-0005", "TCGA-02"]


@pytest.fixture
def bulk():
    values = np.random.default_rng(0).uniform(-9.97, 10, (4, 3)).astype(np.float32)
    return Expression(values, pd.Index(SAMPLES), pd.Index(["A", "B", "C"]))


def test_attributes_of_gtex(tmp_path, bulk):
    path = tmp_path / "attributes.txt"
    path.write_text(
        f"SAMPID\tSMTS\tSMTSD\n{SAMPLES[1]}\tMuscle\tMuscle - Skeletal\nX\tLung\tLung\n"
    )
    found = as_anndata(bulk, tissues=read_tissues(path))
    assert list(found.obs["tissue"]) == ["unlabelled", "Muscle - Skeletal"] + ["unlabelled"] * 2
    assert list(found.obs[keys.DONOR]) == ["GTEX-1117F", "GTEX-1117F", "GTEX-WFG7", "TCGA-02"]
    with pytest.raises(UserError, match="has no column 'tissue'; it has SAMPID, SMTS, SMTSD"):
        read_tissues(path, tissue="tissue")
    path.write_text("SAMPID\tSMTSD\nX\tLung\nX\tLiver\n")
    with pytest.raises(UserError, match="'X' occurs more than once"):
        read_tissues(path)
    path.write_text("SAMPID\tSMTSD\nX\tLung\n")
    with pytest.raises(UserError, match="names others"):
        as_anndata(bulk, tissues=read_tissues(path))


def test_x_is_not_scaled(tmp_path, bulk):
    found = as_anndata(bulk)
    found.write_h5ad(tmp_path / "bulk.h5ad")
    np.testing.assert_array_equal(found.X, bulk.values)
    assert found.uns["scale"] == "log2(TPM + 0.001)"
    assert list(found.var_names) == ["A", "B", "C"]
