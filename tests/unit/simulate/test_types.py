"""Profiles on the tree and on the way between its leaves."""

import numpy as np
from multiome2vec.simulate.types import NODES, TYPES, log_profiles, sisters

RNG = np.random.default_rng(0)
BY_TYPE = RNG.normal(size=(len(TYPES), 4))
SWITCH = np.array([0.2, 0.4, 0.6, 0.8])
BUMP = np.array([0.0, 1.0, 0.0, 2.0])


def profile(kind, *, pseudotime=np.nan, drift=0.0):
    return log_profiles(
        BY_TYPE,
        kinds=np.array([TYPES.index(kind)]),
        pseudotime=np.array([pseudotime]),
        drift=np.array([drift]),
        switch=SWITCH,
        bump=BUMP,
    )[0]


def test_a_nucleus_of_a_type_has_its_profile():
    np.testing.assert_array_equal(profile("NK"), BY_TYPE[TYPES.index("NK")])


def test_the_trajectory_starts_and_ends_at_its_types():
    ends = BY_TYPE[[TYPES.index("Progenitor"), TYPES.index("T")]]
    np.testing.assert_allclose(profile("Progenitor", pseudotime=0.0), ends[0], atol=0.01)
    np.testing.assert_allclose(profile("T", pseudotime=1.0), ends[1], atol=0.01)


def test_features_switch_in_order_and_some_rise_in_the_middle():
    start, end = BY_TYPE[TYPES.index("Progenitor")], BY_TYPE[TYPES.index("T")]
    middle = profile("T", pseudotime=0.5)
    way = (middle - BUMP - start) / (end - start)
    assert way[0] > 0.9
    assert way[3] < 0.1
    assert way[1] > 0.5 > way[2]


def test_drift_moves_towards_the_other_plastic_type():
    own, other = BY_TYPE[TYPES.index("Monocyte")], BY_TYPE[TYPES.index("Dendritic")]
    np.testing.assert_allclose(profile("Monocyte", drift=0.25), 0.75 * own + 0.25 * other)
    np.testing.assert_allclose(profile("Dendritic", drift=1.0), own)


def test_sisters():
    found = {node.name: sisters(node) for node in NODES}
    assert found["T"] == ("NK",)
    assert found["Dendritic"] == ("Monocyte",)
    assert found["Progenitor"] == ()
    assert found["Myeloid"] == ()
