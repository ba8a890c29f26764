import numpy as np
from multiome2vec.data.splits import split_cells


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
