import numpy as np
import pytest
import torch
from multiome2vec.models.config import ACCESSIBILITY, CONTINUOUS
from multiome2vec.training.data import (
    CellData,
    ModalityData,
    choose_device,
    index_batches,
    split_cells,
)
from scipy import sparse

CPU = torch.device("cpu")


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    counts = sparse.csr_matrix(rng.poisson(0.7, (4, 3)))
    scores = rng.normal(size=(6, 2))
    defined = np.ones((6, 2), np.uint8)
    defined[2, 0] = 0
    return CellData(
        {
            "atac": ModalityData(ACCESSIBILITY, counts, np.array([2, -1, 0, 3, -1, 1])),
            "motif": ModalityData(CONTINUOUS, scores, np.arange(6), defined),
        },
        batch_codes=np.array([0, 1, 1, 0, 1, 0]),
        n_batches=2,
    )


def test_batches_hold_the_right_cells(data):
    index = np.array([5, 1, 2])
    batch = data.batch(index, CPU)
    atac, motif = data.modalities["atac"], data.modalities["motif"]
    expected = np.stack([atac.values.toarray()[1], np.zeros(3), atac.values.toarray()[0]])
    np.testing.assert_array_equal(batch.values["atac"], expected)
    np.testing.assert_allclose(batch.values["motif"], motif.values[index], rtol=1e-6)
    assert batch.values["atac"].dtype == torch.float32
    assert batch.present.tolist() == [[True, True], [False, True], [True, True]]
    assert batch.covariate.tolist() == [[1, 0], [0, 1], [0, 1]]
    assert batch.defined["motif"].tolist() == [[1, 1], [1, 1], [0, 1]]


def test_every_cell_comes_once_per_epoch_in_a_new_order():
    cells = np.arange(10, 33)
    rng = np.random.default_rng(0)
    first, second = (list(index_batches(cells, size=5, rng=rng)) for _ in range(2))
    for batches in (first, second):
        assert sorted(np.concatenate(batches)) == cells.tolist()
        assert {len(batch) for batch in batches} <= {4, 5}
    assert not np.array_equal(np.concatenate(first), np.concatenate(second))
    np.testing.assert_array_equal(np.concatenate(list(index_batches(cells, size=5))), cells)


def test_statistics_leave_out_absent_cells_and_undefined_values(data):
    cells = np.array([0, 1, 2, 3])
    atac = data.modalities["atac"].statistics(cells)
    rows = data.modalities["atac"].values.toarray()[[2, 0, 3]]
    assert atac.n_cells == 3
    np.testing.assert_allclose(atac.total, rows.sum(0))
    np.testing.assert_allclose(atac.mean, rows.mean(0))
    motif = data.modalities["motif"].statistics(cells)
    values = data.modalities["motif"].values
    np.testing.assert_allclose(motif.mean[0], values[[0, 1, 3], 0].mean())
    np.testing.assert_allclose(motif.sd, [values[[0, 1, 3], 0].std(), values[:4, 1].std()])


def test_split_is_stratified_and_seeded():
    codes = np.repeat([0, 1], [80, 20])
    split = split_cells(codes, validation=0.1, rng=np.random.default_rng(3))
    assert np.bincount(codes[split.validation]).tolist() == [8, 2]
    assert sorted([*split.train, *split.validation]) == list(range(100))
    again = split_cells(codes, validation=0.1, rng=np.random.default_rng(3))
    other = split_cells(codes, validation=0.1, rng=np.random.default_rng(4))
    assert np.array_equal(split.validation, again.validation)
    assert not np.array_equal(split.validation, other.validation)


def test_a_handful_of_cells_still_leaves_one_for_validation():
    split = split_cells(np.array([0, 1, 2]), validation=0.1, rng=np.random.default_rng(0))
    assert (len(split.train), len(split.validation)) == (2, 1)


def test_device_by_name():
    assert choose_device("cpu") == CPU
    assert choose_device().type == ("cuda" if torch.cuda.is_available() else "cpu")
