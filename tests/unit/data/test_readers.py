import anndata as ad
import mudata
import numpy as np
import pandas as pd
import pytest
from multiome2vec import keys
from multiome2vec.data.backed import BackedStore
from multiome2vec.data.device import CPU
from multiome2vec.data.features import choose_features
from multiome2vec.data.multiome import cell_data
from multiome2vec.data.readers import read_dataset
from multiome2vec.data.stores import MemoryStore
from multiome2vec.errors import ContractError, UserError
from multiome2vec.models.config import ACCESSIBILITY, CONTINUOUS, COUNTS
from multiome2vec.nn.sparse_rows import densify
from scipy import sparse
from toy_multiome import N_GENES, N_REGIONS, toy_multiome

CELLS, PROTEINS = 80, 7


@pytest.fixture
def mdata():
    return toy_multiome(cells=CELLS)


@pytest.fixture(params=["h5", "zarr"])
def write(request, tmp_path):
    """Write an AnnData or a MuData as HDF5 or zarr and give the path."""

    def written(data):
        name = "h5mu" if isinstance(data, mudata.MuData) else "h5ad"
        path = tmp_path / f"{'zarr' if request.param == 'zarr' else name}.{name}"
        if request.param == "zarr":
            data.write_zarr(path)
        else:
            getattr(data, f"write_{name}")(path)
        return path

    return written


def joint(mdata, *, names=("Gene Expression", "Peaks", "Antibody Capture"), form="csr"):
    """One AnnData of all features, mixed, with proteins, as GSE194122 has them."""
    proteins = np.random.default_rng(5).poisson(20, (CELLS, PROTEINS))
    counts = {name: mdata[name].layers[keys.COUNTS] for name in ("rna", "atac")}
    order = np.random.default_rng(6).permutation(N_GENES + N_REGIONS + PROTEINS)
    whole = sparse.hstack([counts["rna"], counts["atac"], proteins]).tocsc()[:, order]
    var = pd.DataFrame(
        {"feature_types": np.repeat(names, [N_GENES, N_REGIONS, PROTEINS])},
        index=[*mdata["rna"].var_names, *mdata["atac"].var_names, *"ABCDEFG"],
    ).iloc[order]
    x = sparse.csr_matrix((whole > 0).astype(np.float32))
    layer = whole.asformat(form) if form != "array" else whole.toarray()
    return ad.AnnData(x, obs=mdata.obs.copy(), var=var, layers={"counts": layer})


def gathered(dataset, **options):
    features = choose_features(dataset, n_hvg=1000, n_regions=1000)
    return features, cell_data(dataset, features=features, batches=[], batch_key=None, **options)


@pytest.mark.parametrize(
    "names", [("Gene Expression", "Peaks", "Antibody Capture"), ("GEX", "ATAC", "ADT")]
)
def test_modalities_of_one_matrix_are_told_apart(mdata, write, names):
    dataset = read_dataset(write(joint(mdata, names=names)), counting=keys.FRAGMENT)
    shapes = {name: (s.kind, s.store.shape) for name, s in dataset.modalities.items()}
    assert shapes == {
        "rna": (COUNTS, (CELLS, N_GENES)),
        "atac": (ACCESSIBILITY, (CELLS, N_REGIONS)),
        "adt": (COUNTS, (CELLS, PROTEINS)),
    }
    assert dataset.obs.index.tolist() == mdata.obs_names.tolist()
    for name in ("rna", "atac"):
        source = dataset.modalities[name]
        found = pd.DataFrame(
            densify(source.store.rows(np.arange(CELLS), CPU)).numpy(), columns=source.var.index
        )
        expected = mdata[name].layers[keys.COUNTS].toarray()
        np.testing.assert_array_equal(found[mdata[name].var_names], expected)
    features, data = gathered(dataset)
    assert sum(shape.n_features for shape in data.shapes.values()) == sum(
        map(len, features.values())
    )
    assert len(data.obs) == len(data) == CELLS


def test_opening_reads_no_matrix(mdata, tmp_path, monkeypatch):
    joint(mdata).write_h5ad(tmp_path / "cells.h5ad")
    monkeypatch.setattr(BackedStore, "_read", lambda *_: pytest.fail("values were read"))
    dataset = read_dataset(tmp_path / "cells.h5ad", counting=keys.FRAGMENT)
    assert all(isinstance(s.store, BackedStore) for s in dataset.modalities.values())


def test_a_file_gives_the_same_cells_as_the_object(mdata, write):
    mdata["atac"].uns[keys.COUNTING] = keys.INSERTION
    dataset = read_dataset(write(mdata))
    features, here = gathered(mdata)
    index = np.random.default_rng(0).permutation(CELLS)
    for backend in ("backed", "memory"):
        there_features, there = gathered(dataset, backend=backend)
        assert all(np.array_equal(features[name], there_features[name]) for name in features)
        assert list(there.shapes.items()) == list(here.shapes.items())
        expected, found = here.batch(index, CPU), there.batch(index, CPU)
        for name in ("rna", "atac", "motif"):
            np.testing.assert_array_equal(
                densify(found.values[name]), densify(expected.values[name])
            )
        np.testing.assert_array_equal(found.defined["motif"], expected.defined["motif"])
        assert there.obs.index.equals(here.obs.index)
        kinds = {"backed": BackedStore, "memory": MemoryStore}
        assert isinstance(there.modalities["atac"].store, kinds[backend])


def test_a_mosaic_of_a_file(mdata, write):
    has = np.arange(CELLS) % 3 != 0
    parts = {"rna": mdata["rna"].copy(), "atac": mdata["atac"][has].copy()}
    with mudata.set_options(pull_on_update=False):
        union = mudata.MuData(parts)
    union.obs = mdata.obs.assign(has_rna=True, has_atac=has).loc[union.obs_names]
    _, data = gathered(read_dataset(write(union)))
    batch = data.batch(np.arange(CELLS), CPU)
    assert batch.present[:, 1].tolist() == union.obs["has_atac"].tolist()
    expected = mdata["atac"].layers[keys.COUNTS].toarray() * has[:, None]
    found = pd.DataFrame(densify(batch.values["atac"]).numpy(), index=union.obs_names)
    np.testing.assert_array_equal(found.loc[mdata.obs_names], expected)


def test_expression_without_counts_is_continuous(mdata, write):
    del mdata["rna"].layers[keys.COUNTS]
    _, data = gathered(read_dataset(write(mdata)))
    assert data.shapes["rna"].kind == CONTINUOUS
    found = data.modalities["rna"].values(np.arange(CELLS), CPU)
    np.testing.assert_allclose(found, mdata["rna"].X.toarray(), rtol=1e-6)


def test_proteins_are_counts_and_dense(mdata, write):
    _, data = gathered(read_dataset(write(joint(mdata)), counting=keys.FRAGMENT))
    assert data.shapes["adt"].kind == COUNTS
    assert not data.modalities["adt"].sparse


@pytest.mark.parametrize("form", ["csc", "array"])
def test_other_forms_are_turned_in_memory(mdata, write, form, caplog):
    path = write(joint(mdata, form=form))
    dataset = read_dataset(path, counting=keys.FRAGMENT)
    source = dataset.modalities["rna"]
    assert isinstance(source.store, MemoryStore)
    found = pd.DataFrame(
        source.store.rows(np.arange(CELLS), CPU).dense().numpy(), columns=source.var.index
    )
    np.testing.assert_array_equal(
        found[mdata["rna"].var_names], mdata["rna"].layers[keys.COUNTS].toarray()
    )
    assert ("by column" in caplog.text) == (form == "csc")
    with pytest.raises(UserError, match="in memory already"):
        gathered(dataset, backend="backed")


def test_by_column_and_too_large_is_explained(mdata, write):
    path = write(joint(mdata, form="csc"))
    with pytest.raises(UserError, match=r"by column \(CSC\).*GiB.*tocsr"):
        read_dataset(path, counting=keys.FRAGMENT, budget=1e4)


def test_repeated_barcodes_are_named(mdata, write):
    data = joint(mdata)
    names = data.obs_names.to_list()
    data.obs_names = [names[3], *names[1:]]
    with pytest.raises(UserError, match=f"barcode {names[3]} occurs more than once"):
        read_dataset(write(data), counting=keys.FRAGMENT)


def test_permuted_barcodes_are_refused(mdata, write):
    with mudata.set_options(pull_on_update=False):
        parts = {"rna": mdata["rna"], "atac": mdata["atac"][::-1].copy()}
        permuted = mudata.MuData(parts)
    permuted.obs = mdata.obs.loc[permuted.obs_names]
    with pytest.raises(ContractError, match=r"modality atac holds the same cells in another order"):
        read_dataset(write(permuted))


def test_cells_that_a_modality_lacks_need_flags(mdata, write):
    with mudata.set_options(pull_on_update=False):
        union = mudata.MuData({"rna": mdata["rna"], "atac": mdata["atac"][:70].copy()})
    with pytest.raises(ContractError, match=r"70 cells, but 80 are expected.*'has_atac'"):
        read_dataset(write(union))


def test_missing_counts_are_explained(mdata, write):
    data = joint(mdata)
    data.layers["raw"] = data.layers.pop("counts")
    path = write(data)
    with pytest.raises(ContractError, match=r"no layers\['counts'\] \(layers: raw\).*or 'X'"):
        read_dataset(path)
    dataset = read_dataset(path, layer="raw", counting=keys.FRAGMENT)
    assert densify(dataset.modalities["rna"].store.rows(np.arange(CELLS), CPU)).max() > 1
    binary = read_dataset(path, layer="X", counting=keys.FRAGMENT)
    assert densify(binary.modalities["rna"].store.rows(np.arange(CELLS), CPU)).max() == 1
    del mdata["atac"].layers[keys.COUNTS]
    with pytest.raises(ContractError, match=r"modality atac has no layers\['counts'\]"):
        read_dataset(write(mdata))


def test_a_counting_unit_is_needed(mdata, write):
    path = write(joint(mdata))
    with pytest.raises(ContractError, match="states no counting unit"):
        read_dataset(path)
    halved = read_dataset(path, counting=keys.INSERTION).modalities["atac"]
    whole = read_dataset(path, counting=keys.FRAGMENT).modalities["atac"]
    index = np.arange(CELLS)
    np.testing.assert_array_equal(
        halved.store.rows(index, CPU).dense(), (whole.store.rows(index, CPU).dense() / 2).ceil()
    )


def test_unknown_features_are_named(mdata, write, caplog):
    data = joint(mdata, names=("GEX", "Peaks", "CRISPR"))
    dataset = read_dataset(write(data), counting=keys.FRAGMENT)
    assert list(dataset.modalities) == ["rna", "atac"]
    assert "type CRISPR are left out" in caplog.text
    del data.var["feature_types"]
    with pytest.raises(UserError, match="no column 'feature_types'.*Gene Expression"):
        read_dataset(write(data))
    data.var["feature_types"] = "guide"
    with pytest.raises(UserError, match="holds guide, none of which is known"):
        read_dataset(write(data))


def test_what_is_no_such_file(tmp_path, mdata, write):
    with pytest.raises(UserError, match=r"none\.h5ad does not exist"):
        read_dataset(tmp_path / "none.h5ad")
    (tmp_path / "text.h5ad").write_text("cells")
    with pytest.raises(UserError, match="neither HDF5 nor zarr"):
        read_dataset(tmp_path / "text.h5ad")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match="neither HDF5 nor zarr"):
        read_dataset(tmp_path / "folder")
    with mudata.set_options(pull_on_update=False):
        other = mudata.MuData({"protein": mdata["rna"]})
    with pytest.raises(UserError, match="modalities are protein, not rna"):
        read_dataset(write(other))


def test_one_matrix_of_log_values_is_continuous_expression(write):
    values = np.log2(np.random.default_rng(0).lognormal(size=(9, 4)) + 1e-3).astype(np.float32)
    genes = pd.DataFrame(index=list("abcd"))
    data = ad.AnnData(values, obs=pd.DataFrame(index=[f"s{i}" for i in range(9)]), var=genes)
    dataset = read_dataset(write(data))
    source = dataset.modalities["rna"]
    assert list(dataset.modalities) == ["rna"]
    assert source.kind == CONTINUOUS
    found = densify(source.store.rows(np.arange(9), CPU)).numpy()
    np.testing.assert_allclose(found, values, rtol=1e-6)


def test_one_matrix_of_counts_is_not_taken_for_expression(write):
    counts = np.random.default_rng(0).poisson(2, (9, 4)).astype(np.float32)
    data = ad.AnnData(counts, obs=pd.DataFrame(index=[f"s{i}" for i in range(9)]))
    with pytest.raises(UserError, match="no column 'feature_types'"):
        read_dataset(write(data))
