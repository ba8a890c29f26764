import numpy as np
import pandas as pd
import pytest
from multiome2vec.data.splits import Split, read_split, split_cells, split_groups, write_split
from multiome2vec.errors import ContractError, UserError


def rng(seed=0):
    return np.random.default_rng(seed)


def test_split_is_stratified_and_seeded():
    codes = np.repeat([0, 1], [80, 20])
    split = split_cells(codes, validation=0.1, rng=rng(3))
    assert np.bincount(codes[split.validation]).tolist() == [8, 2]
    assert sorted([*split.train, *split.validation]) == list(range(100))
    assert len(split.test) == 0
    again = split_cells(codes, validation=0.1, rng=rng(3))
    other = split_cells(codes, validation=0.1, rng=rng(4))
    assert np.array_equal(split.validation, again.validation)
    assert not np.array_equal(split.validation, other.validation)


def test_a_test_set_does_not_change_the_validation_set():
    codes = np.repeat([0, 1], [80, 20])
    split = split_cells(codes, validation=0.1, test=0.2, rng=rng(3))
    assert np.bincount(codes[split.test]).tolist() == [16, 4]
    assert sorted([*split.train, *split.validation, *split.test]) == list(range(100))
    without = split_cells(codes, validation=0.1, rng=rng(3))
    assert np.array_equal(split.validation, without.validation)


def test_a_handful_of_cells_still_leaves_one_for_validation():
    split = split_cells(np.array([0, 1, 2]), validation=0.1, rng=rng())
    assert (len(split.train), len(split.validation)) == (2, 1)


def donors():
    sizes = [300, 250, 200, 150, 60, 40]
    return pd.Series(np.repeat([f"donor{i}" for i in range(6)], sizes), name="DonorID")


@pytest.mark.parametrize("seed", range(8))
def test_no_donor_is_in_two_parts(seed):
    groups = donors()
    split = split_groups(groups, validation=0.1, test=0.2, rng=rng(seed))
    parts = [set(groups[part]) for part in (split.train, split.validation, split.test)]
    assert all(parts)
    assert sum(map(len, parts)) == len(set.union(*parts)) == 6
    assert sorted([*split.train, *split.validation, *split.test]) == list(range(1000))
    assert 40 <= len(split.validation) <= 300
    again = split_groups(groups, validation=0.1, test=0.2, rng=rng(seed))
    assert np.array_equal(split.test, again.test)


def test_as_many_donors_as_parts():
    groups = pd.Series(list("aaabbc"), name="batch")
    split = split_groups(groups, validation=0.3, test=0.3, rng=rng())
    assert all(len(part) for part in (split.train, split.validation, split.test))


def test_too_few_or_unknown_groups_are_named():
    with pytest.raises(UserError, match=r"'batch' has 2 value\(s\), too few for a split into 3"):
        split_groups(pd.Series(list("aab"), name="batch"), validation=0.2, test=0.2, rng=rng())
    groups = donors()
    groups[5] = None
    with pytest.raises(UserError, match="'DonorID' is empty for 1 cells, 5 first"):
        split_groups(groups, validation=0.2, rng=rng())


@pytest.mark.parametrize("shares", [(0.6, 0.4), (-0.1, 0.2)])
def test_impossible_shares_are_refused(shares):
    for split, cells in ((split_cells, np.zeros(9, int)), (split_groups, donors())):
        with pytest.raises(UserError, match="leave nothing to train on, or are negative"):
            split(cells, validation=shares[0], test=shares[1], rng=rng())


def test_a_written_split_is_read_for_cells_in_any_order(tmp_path):
    barcodes = pd.Index([f"s1#{i}" for i in range(30)])
    split = split_cells(np.zeros(30, int), validation=0.2, test=0.3, rng=rng())
    path = tmp_path / "splits.tsv"
    write_split(split, barcodes, path)
    assert path.read_text().splitlines()[0] == "barcode\tsplit"
    order = rng().permutation(30)
    found = read_split(path, barcodes[order])
    for part in ("train", "validation", "test"):
        assert set(barcodes[order][getattr(found, part)]) == set(barcodes[getattr(split, part)])
    first = path.read_bytes()
    write_split(split, barcodes, path)
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cell\tsplit\na\ttrain\n", "columns are cell, split, not barcode, split"),
        ("barcode\tsplit\na\ttrain\nb\ttets\n", "line 3: split is 'tets', not one of train"),
        ("barcode\tsplit\na\ttrain\na\ttest\n", "barcode a occurs more than once"),
        ("barcode\tsplit\na\ttrain\n", r"lacks 1 cell\(s\) of this dataset, b first"),
        ("barcode\tsplit\na\ttrain\nb\ttest\nc\ttest\n", r"has 1 cell\(s\) not in this.*c first"),
    ],
)
def test_a_split_of_other_cells_is_refused(text, message, tmp_path):
    path = tmp_path / "splits.tsv"
    path.write_text(text)
    with pytest.raises(ContractError, match=message):
        read_split(path, pd.Index(["a", "b"]))


def test_cells_that_a_model_cannot_see_are_in_no_part(tmp_path):
    split = Split(np.array([0, 2, 4]), np.array([1, 3])).within(np.array([1, 1, 1, 0, 0], bool))
    assert [part.tolist() for part in (split.train, split.validation)] == [[0, 2], [1]]
    names = pd.Index(list("abcde"))
    write_split(split, names, tmp_path / "splits.tsv")
    found = read_split(tmp_path / "splits.tsv", names)
    assert [part.tolist() for part in (found.train, found.validation, found.test)] == [
        [0, 2], [1], [],
    ]  # fmt: skip
