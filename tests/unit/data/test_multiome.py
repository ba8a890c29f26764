from dataclasses import replace

import mudata
import numpy as np
import pytest
from multiome2vec import keys
from multiome2vec.data.dataset import Dataset, as_dataset
from multiome2vec.data.device import CPU
from multiome2vec.data.features import choose_features, find_features
from multiome2vec.data.multiome import batch_names, cell_data
from multiome2vec.errors import ContractError, UserError
from multiome2vec.models.config import ACCESSIBILITY, CONTINUOUS, COUNTS
from scipy import sparse
from toy_multiome import N_GENES, N_MOTIFS, N_REGIONS, toy_multiome


@pytest.fixture
def mdata():
    return toy_multiome(cells=40)


def everything(mdata):
    return choose_features(mdata, n_hvg=1000, n_regions=1000)


def gather(mdata, **changes):
    arguments = {"features": everything(mdata), "batches": [], "batch_key": None} | changes
    return cell_data(mdata, **arguments)


def test_kinds_and_shapes(mdata):
    shapes = gather(mdata).shapes
    assert {name: (s.kind, s.n_features) for name, s in shapes.items()} == {
        "rna": (COUNTS, N_GENES),
        "atac": (ACCESSIBILITY, N_REGIONS),
        "motif": (CONTINUOUS, N_MOTIFS),
    }


def test_expression_without_counts_is_continuous(mdata):
    del mdata["rna"].layers[keys.COUNTS]
    rna = gather(mdata).modalities["rna"]
    assert rna.kind == CONTINUOUS
    np.testing.assert_allclose(rna.values(np.arange(40), CPU), mdata["rna"].X.toarray(), rtol=1e-6)


def test_only_insertions_are_halved_and_rounded_up(mdata):
    counts = mdata["atac"].layers[keys.COUNTS].toarray()
    for unit in keys.COUNTING_UNITS:
        mdata["atac"].uns[keys.COUNTING] = unit
        found = gather(mdata).modalities["atac"].values(np.arange(40), CPU)
        expected = np.ceil(counts / 2) if unit == keys.INSERTION else counts
        np.testing.assert_array_equal(found, expected)


def test_undeclared_counting_unit_is_refused(mdata):
    del mdata["atac"].uns[keys.COUNTING]
    with pytest.raises(ContractError, match=r"states no counting unit.*paired-insertion"):
        gather(mdata)


def test_motif_scores_are_clipped_and_masked(mdata):
    mdata["motif"].X[0, 0] = 50
    undefined = mdata["motif"].layers[keys.MASK] == 1
    assert undefined.any()
    mdata["motif"].X[undefined] = np.nan  # as others write it
    motif = gather(mdata).modalities["motif"]
    values = motif.values(np.arange(40), CPU)
    assert values[0, 0] == 10
    assert not values[undefined].any()
    assert np.isfinite(motif.statistics(np.arange(40)).mean).all()
    np.testing.assert_array_equal(
        motif.defined(np.arange(40), CPU), 1 - mdata["motif"].layers[keys.MASK]
    )


def test_cells_of_a_mosaic_keep_their_own_rows(mdata):
    names = mdata.obs_names
    parts = {"rna": mdata["rna"][10:].copy(), "atac": mdata["atac"][:30][::-1].copy()}
    union = mudata.MuData(parts)
    data = gather(union)
    position = union.obs_names.get_indexer(names)
    atac = data.modalities["atac"]
    dense = atac.values(position, CPU).numpy()
    expected = mdata["atac"].layers[keys.COUNTS].toarray()
    np.testing.assert_array_equal(dense[:30], expected[:30])
    assert not dense[30:].any()
    assert (atac.rows[position] >= 0).tolist() == [True] * 30 + [False] * 10
    assert (data.modalities["rna"].rows[position] >= 0).tolist() == [False] * 10 + [True] * 30


def test_flags_say_what_a_cell_has(mdata):
    mdata.obs[keys.HAS[keys.ATAC]] = np.arange(40) < 25
    assert (gather(mdata).modalities["atac"].rows >= 0).sum() == 25


def test_highly_variable_genes_then_the_most_variable(mdata):
    flagged = np.zeros(N_GENES, bool)
    flagged[5:35] = True
    mdata["rna"].var[keys.HIGHLY_VARIABLE] = flagged
    assert everything(mdata)["rna"].tolist() == list(range(5, 35))
    counts = mdata["rna"].layers[keys.COUNTS].toarray()
    variance = np.log1p(1e4 * counts / counts.sum(1, keepdims=True)).var(0)
    variance[~flagged] = 0
    chosen = choose_features(mdata, n_hvg=10, n_regions=10)["rna"]
    assert chosen.tolist() == sorted(np.argsort(-variance)[:10])


def test_regions_open_in_most_cells(mdata):
    counts = sparse.csr_matrix(mdata["atac"].layers[keys.COUNTS])
    counts = counts.multiply(np.arange(N_REGIONS) != 7).tocsr()
    mdata["atac"].layers[keys.COUNTS] = counts
    assert 7 not in everything(mdata)["atac"]
    chosen = choose_features(mdata, n_hvg=10, n_regions=12)["atac"]
    open_cells = (counts.toarray() > 0).sum(0)
    assert len(chosen) == 12
    assert open_cells[chosen].min() >= np.sort(open_cells)[-12]


def test_batches_are_coded_in_the_order_given(mdata):
    names = batch_names(mdata, keys.BATCH)
    assert names == ["s1", "s2"]
    data = gather(mdata, batches=["s2", "s1"], batch_key=keys.BATCH)
    assert data.n_batches == 2
    np.testing.assert_array_equal(data.batch_codes == 0, mdata.obs[keys.BATCH] == "s2")


def test_one_batch_is_no_covariate(mdata):
    assert gather(mdata, batches=["s1"], batch_key=keys.BATCH).n_batches == 0
    assert batch_names(mdata, None) == []


def test_unknown_batch_is_named(mdata):
    with pytest.raises(UserError, match="batches s1, s3 and knows no batch 's2'"):
        gather(mdata, batches=["s1", "s3"], batch_key=keys.BATCH)


def test_cells_of_unknown_batches_are_told_of_all_alike(mdata, caplog):
    data = gather(mdata, batches=["s1", "s3"], batch_key=keys.BATCH, unknown_batches="average")
    labels = mdata.obs[keys.BATCH].astype(str).to_numpy()
    covariate = data.batch(np.arange(len(labels)), CPU).covariate.numpy()
    expected = np.where(labels[:, None] == "s1", [1.0, 0.0], [0.5, 0.5])
    np.testing.assert_array_equal(covariate, expected)
    assert "batch s2, which the model does not know" in caplog.text
    del mdata.obs[keys.BATCH]
    with pytest.raises(UserError, match="no column 'batch'"):
        gather(mdata, batches=["s1", "s3"], batch_key=keys.BATCH)


def test_missing_modality_is_named(mdata):
    features = everything(mdata)
    del mdata.mod["motif"]
    with pytest.raises(ContractError, match="no modality motif"):
        gather(mdata, features=features)


def test_features_are_found_by_name(mdata):
    features = {"rna": np.array([3, 5]), "atac": np.array([0, 7])}
    names = {name: mdata[name].var_names[columns] for name, columns in features.items()}
    found = find_features(as_dataset(mdata), features=features, names=names)
    np.testing.assert_array_equal(found["rna"], [3, 5])
    order = mdata["rna"].var_names[[5, 0, 3, 4]]
    other = as_dataset(mudata.MuData({"rna": mdata["rna"][:, order].copy()}))
    found = find_features(other, features=features, names=names)
    assert list(found) == ["rna"]
    np.testing.assert_array_equal(found["rna"], [2, 0])


def test_missing_and_ambiguous_features_are_refused(mdata):
    features = {"rna": np.array([3, 5])}
    names = {"rna": mdata["rna"].var_names[[3, 5]]}
    fewer = as_dataset(mudata.MuData({"rna": mdata["rna"][:, :5].copy()}))
    missing = f"1 of its 2 are missing, such as {names['rna'][1]}"
    with pytest.raises(ContractError, match=missing):
        find_features(fewer, features=features, names=names)
    source = as_dataset(mdata).modalities["rna"]
    twice = source.var.rename(index={source.var.index[0]: names["rna"][1]}).iloc[::-1]
    odd = Dataset(mdata.obs, {"rna": replace(source, var=twice)})
    with pytest.raises(ContractError, match=f"{names['rna'][1]}' occurs more than once"):
        find_features(odd, features=features, names=names)
