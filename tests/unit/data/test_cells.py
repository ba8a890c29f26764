import dataclasses

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import torch
from multiome2vec import keys
from multiome2vec.data.cells import CellData, ModalityData
from multiome2vec.data.device import CPU
from multiome2vec.data.features import choose_features
from multiome2vec.data.multiome import cell_data
from multiome2vec.data.readers import read_dataset
from multiome2vec.data.stores import DenseStore, DeviceStore, MemoryStore
from multiome2vec.models.config import ACCESSIBILITY, CONTINUOUS
from multiome2vec.nn.sparse_rows import SparseRows
from scipy import sparse

ROWS = np.array([2, -1, 0, 3, -1, 1])
RNG = np.random.default_rng(0)
COUNTS, SCORES = RNG.poisson(0.7, (4, 3)), RNG.normal(size=(6, 2))


@pytest.fixture
def data():
    defined = np.ones((6, 2), np.uint8)
    defined[2, 0] = 0
    return CellData(
        {
            "atac": ModalityData(ACCESSIBILITY, MemoryStore.from_matrix(COUNTS), ROWS),
            "motif": ModalityData(CONTINUOUS, DenseStore(SCORES, defined), np.arange(6)),
        },
        batch_codes=np.array([0, 1, 1, 0, 1, 0]),
        n_batches=2,
    )


def test_batches_hold_the_right_cells(data):
    index = np.array([5, 1, 2])
    batch = data.batch(index, CPU)
    expected = np.stack([COUNTS[1], np.zeros(3), COUNTS[0]])
    np.testing.assert_array_equal(batch.values["atac"], expected)
    np.testing.assert_allclose(batch.values["motif"], SCORES[index], rtol=1e-6)
    assert batch.values["atac"].dtype == torch.float32
    assert batch.present.tolist() == [[True, True], [False, True], [True, True]]
    assert batch.covariate.tolist() == [[1, 0], [0, 1], [0, 1]]
    assert batch.defined["motif"].tolist() == [[1, 1], [1, 1], [0, 1]]


def test_statistics_leave_out_absent_cells_and_undefined_values(data):
    cells = np.array([0, 1, 2, 3])
    atac = data.modalities["atac"].statistics(cells)
    rows = COUNTS[[2, 0, 3]]
    assert atac.n_cells == 3
    np.testing.assert_allclose(atac.total, rows.sum(0))
    np.testing.assert_allclose(atac.mean, rows.mean(0))
    motif = data.modalities["motif"].statistics(cells)
    np.testing.assert_allclose(motif.mean[0], SCORES[[0, 1, 3], 0].mean())
    np.testing.assert_allclose(motif.sd, [SCORES[[0, 1, 3], 0].std(), SCORES[:4, 1].std()])


# what went wrong in loaders of GSE194122 (joint matrix twice, dense copies, barcodes dropped)

CELLS, REGIONS = 500, 300


@pytest.fixture(scope="module")
def on_disk(tmp_path_factory):
    """RNA of 40 genes and a tenth as dense ATAC in one h5ad, and what it holds."""
    rng = np.random.default_rng(4)
    genes = sparse.csr_matrix(rng.poisson(0.8, (CELLS, 40)))
    regions = sparse.random(CELLS, REGIONS, 0.05, "csr", rng=rng)
    regions.data = rng.integers(1, 5, regions.nnz)
    obs = pd.DataFrame(
        {"cell_type": rng.choice(list("ABC"), CELLS), "GEX_n_counts": genes.sum(axis=1).A1},
        index=[f"cell{i}" for i in rng.permutation(CELLS)],
    )
    names = [f"g{i}" for i in range(40)] + [f"chr1:{i}-{i + 1}" for i in range(REGIONS)]
    var = pd.DataFrame({"feature_types": ["GEX"] * 40 + ["ATAC"] * REGIONS}, index=names)
    whole = sparse.hstack([genes, regions], format="csr")
    path = tmp_path_factory.mktemp("data") / "cells.h5ad"
    ad.AnnData(whole, obs=obs, var=var, layers={"counts": whole}).write_h5ad(path)
    return path, pd.DataFrame(whole.toarray(), index=obs.index, columns=names), obs


def gather(on_disk, *, store=None, **options):
    dataset = read_dataset(on_disk[0], counting=keys.FRAGMENT)
    features = choose_features(dataset, n_hvg=100, n_regions=1000)
    data = cell_data(dataset, features=features, batches=[], batch_key=None, **options)
    if store == "gpu":
        moved = {
            name: dataclasses.replace(part, store=DeviceStore(part.store, CPU))
            for name, part in data.modalities.items()
        }
        data = dataclasses.replace(data, modalities=moved)
    return data


def everywhere(on_disk):
    return {
        "backed": gather(on_disk, backend="backed"),
        "memory": gather(on_disk, backend="memory"),
        "gpu": gather(on_disk, backend="memory", store="gpu"),
    }


def test_every_backend_gives_identical_batches(on_disk):
    index = np.random.default_rng(0).permutation(CELLS)[:64]
    batches = {name: data.batch(index, CPU) for name, data in everywhere(on_disk).items()}
    for batch in batches.values():
        atac, expected = batch.values["atac"], batches["memory"].values["atac"]
        assert torch.equal(batch.values["rna"], batches["memory"].values["rna"])
        for part in ("offsets", "rows", "columns", "values"):
            assert torch.equal(getattr(atac, part), getattr(expected, part))


def test_widths_of_the_modalities_sum_to_the_matrix(on_disk):
    batch = gather(on_disk).batch(np.arange(8), CPU)
    widths = {name: values.shape[1] for name, values in batch.values.items()}
    assert widths == {"rna": 40, "atac": REGIONS}
    assert sum(widths.values()) == on_disk[1].shape[1]


def test_only_few_counts_are_sparse(on_disk):
    batch = gather(on_disk).batch(np.arange(8), CPU)
    assert isinstance(batch.values["atac"], SparseRows)
    assert isinstance(batch.values["rna"], torch.Tensor)
    forced = gather(on_disk, dense=True).batch(np.arange(8), CPU).values["atac"]
    assert isinstance(forced, torch.Tensor)
    assert torch.equal(forced, batch.values["atac"].dense())


@pytest.mark.parametrize("backend", ["backed", "memory"])
@pytest.mark.parametrize("seed", [None, 0])
def test_an_epoch_keeps_every_barcode_with_its_values(on_disk, backend, seed):
    data, (_, table, obs) = gather(on_disk, backend=backend), on_disk
    assert data.obs.index.equals(obs.index)
    rng = None if seed is None else np.random.default_rng(seed)
    seen = []
    cells = np.arange(0, CELLS, 2)
    for index, batch in data.batches(cells, size=30, device=CPU, rng=rng):
        values = torch.cat([batch.values["rna"], batch.values["atac"].dense()], dim=1)
        known = data.metadata(index, ["cell_type", "n_counts"])
        assert torch.equal(known["n_counts"], batch.values["rna"].sum(dim=1).long())
        codes, labels = known["cell_type"]
        for row, barcode in enumerate(data.obs.index[index]):
            np.testing.assert_array_equal(values[row], table.loc[barcode])
            assert labels[codes[row]] == obs["cell_type"][barcode]
        seen.append(index)
    assert sorted(np.concatenate(seen)) == cells.tolist()
    assert (np.concatenate(seen) == cells).all() == (seed is None)
    sizes = {len(index) for index in seen}
    assert sizes == ({27, 28} if seed is not None else {30, 10})


def test_missing_modalities_of_cells_in_a_file(on_disk):
    data = gather(on_disk, backend="backed")
    atac = data.modalities["atac"]
    rows = np.where(np.arange(CELLS) % 3 == 0, -1, atac.rows)
    parts = {**data.modalities, "atac": dataclasses.replace(atac, rows=rows)}
    mosaic = dataclasses.replace(data, modalities=parts)
    for index, batch in mosaic.batches(
        np.arange(CELLS), size=64, device=CPU, rng=np.random.default_rng(1)
    ):
        assert batch.present[:, 1].tolist() == (index % 3 != 0).tolist()
        expected = on_disk[1].iloc[index, 40:].to_numpy() * (index % 3 != 0)[:, None]
        np.testing.assert_array_equal(batch.values["atac"].dense(), expected)


def test_nothing_of_the_size_of_the_data_is_dense(on_disk, monkeypatch):
    sizes = []
    dense = SparseRows.dense
    monkeypatch.setattr(SparseRows, "dense", lambda rows: sizes.append(len(rows)) or dense(rows))
    for name in ("toarray", "todense"):
        monkeypatch.setattr(sparse.csr_matrix, name, lambda *_: pytest.fail("a dense copy"))
    for data in everywhere(on_disk).values():
        data.modalities["atac"].statistics(np.arange(CELLS))
        for _ in data.batches(np.arange(CELLS), size=20, device=CPU):
            pass
    assert max(sizes) == 20


def test_statistics_are_the_same_everywhere(on_disk):
    cells = np.random.default_rng(0).permutation(CELLS)[:200]
    found = [data.modalities["atac"].statistics(cells) for data in everywhere(on_disk).values()]
    values = on_disk[1].iloc[cells, 40:].to_numpy()
    for statistics in found:
        np.testing.assert_allclose(statistics.mean, values.mean(0))
        np.testing.assert_array_equal(statistics.total, values.sum(0))


def test_regions_come_with_their_chromosomes(on_disk):
    data = gather(on_disk)
    assert data.modalities["atac"].segments == (REGIONS,)
    assert data.modalities["rna"].segments == ()
