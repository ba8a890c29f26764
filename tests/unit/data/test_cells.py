import numpy as np
import pytest
import torch
from multiome2vec.data.cells import CellData, ModalityData
from multiome2vec.data.device import CPU, choose_device
from multiome2vec.data.stores import DenseStore, MemoryStore
from multiome2vec.models.config import ACCESSIBILITY, CONTINUOUS

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


def test_device_by_name():
    assert choose_device("cpu") == CPU
    assert choose_device().type == ("cuda" if torch.cuda.is_available() else "cpu")
