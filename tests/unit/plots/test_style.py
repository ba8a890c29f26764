from multiome2vec.plots.style import natural


def test_numbers_in_names_sort_by_value():
    names = ["leiden-10", "B", "Topic2", "leiden-9", "2", "Topic10", "T 1 b", "10", "T 1 a", ""]
    assert sorted(names, key=natural) == [
        "", "2", "10", "B", "T 1 a", "T 1 b", "Topic2", "Topic10", "leiden-9", "leiden-10"
    ]  # fmt: skip
