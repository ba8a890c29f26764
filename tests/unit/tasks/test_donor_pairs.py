import numpy as np
import pandas as pd
from multiome2vec.tasks.donor_pairs import positives, type_sets


def test_sets_of_types():
    groups = pd.DataFrame(
        {"donor": ["d2", "d1", "d1", "d3"], "label": ["T", "B", "T", "B"], "cells": 5}
    )
    found = type_sets(groups)
    assert list(found.donors) == ["d1", "d2", "d3"]
    assert list(found.types) == ["B", "T"]
    np.testing.assert_array_equal(found.present, [[True, True], [False, True], [True, False]])
    np.testing.assert_array_equal(found.rows, [[1, 2], [0, 0], [3, 0]])
    values = np.array([10.0, 1, 3, 7])  # of the pseudobulks
    mean = (values[found.rows] * found.present).sum(axis=1) / found.present.sum(axis=1)
    np.testing.assert_array_equal(mean, [2, 10, 7])


def test_positives_are_all_profiles_of_the_donor():
    found = positives(np.array(["d1", "d2", "d1", "d4"]), np.array(["d1", "d2", "d3"]))
    expected = [[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 0]]
    np.testing.assert_array_equal(found, np.array(expected, bool))
