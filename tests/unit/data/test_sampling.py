import threading

import numpy as np
import pytest
from multiome2vec.data.sampling import WINDOW, index_batches, index_windows, prefetch


@pytest.mark.parametrize("block", [None, 4])
def test_every_cell_comes_once_per_epoch_in_a_new_order(block):
    cells = np.arange(10, 33)
    rng = np.random.default_rng(0)
    first, second = (list(index_batches(cells, size=5, rng=rng, block=block)) for _ in range(2))
    for batches in (first, second):
        assert sorted(np.concatenate(batches)) == cells.tolist()
        assert {len(batch) for batch in batches} <= {4, 5}
    assert not np.array_equal(np.concatenate(first), np.concatenate(second))
    in_order = list(index_batches(cells, size=5, block=block))
    assert [len(batch) for batch in in_order] == [5, 5, 5, 5, 3]
    np.testing.assert_array_equal(np.concatenate(in_order), cells)


def test_windows_hold_whole_blocks_of_neighbours_in_mixed_order():
    cells = np.arange(0, 20000, 2)
    windows = list(index_windows(cells, size=50, rng=np.random.default_rng(1), block=25))
    assert [len(window) for window in windows] == [WINDOW] * 12 + [8]
    for window in windows:
        inside = np.sort(np.concatenate(window))
        runs = 1 + (np.diff(inside) > 2).sum()
        assert runs <= len(inside) / 25 + 2
    batch = windows[0][0]
    assert len(np.unique(batch // 50)) > 20  # a batch mixes many blocks
    assert {len(batch) for window in windows for batch in window} == {50}


def test_no_cells_no_batches():
    assert list(index_windows(np.arange(0), size=4)) == []
    assert list(index_windows(np.arange(0), size=4, rng=np.random.default_rng(0))) == []


def test_items_are_made_ahead_in_order():
    made, reached = [], threading.Event()

    def items():
        for number in range(5):
            made.append((number, threading.current_thread().name))
            if number == 2:
                reached.set()
            yield number

    ahead = prefetch(items(), depth=2)
    assert next(ahead) == 0
    assert reached.wait(10)  # the third is made although only one was asked for
    assert [*ahead] == [1, 2, 3, 4]
    assert {name for _, name in made}.isdisjoint({threading.current_thread().name})


def test_an_error_ahead_is_raised_where_items_are_used():
    def items():
        yield 1
        raise ValueError("broken file")

    ahead = prefetch(items())
    assert next(ahead) == 1
    with pytest.raises(ValueError, match="broken file"):
        next(ahead)


def test_no_thread_stays_behind():
    before = threading.active_count()
    ahead = prefetch(range(100))
    next(ahead)
    ahead.close()
    assert threading.active_count() == before
