import numpy as np
from multiome2vec.data.sampling import index_batches


def test_every_cell_comes_once_per_epoch_in_a_new_order():
    cells = np.arange(10, 33)
    rng = np.random.default_rng(0)
    first, second = (list(index_batches(cells, size=5, rng=rng)) for _ in range(2))
    for batches in (first, second):
        assert sorted(np.concatenate(batches)) == cells.tolist()
        assert {len(batch) for batch in batches} <= {4, 5}
    assert not np.array_equal(np.concatenate(first), np.concatenate(second))
    np.testing.assert_array_equal(np.concatenate(list(index_batches(cells, size=5))), cells)
