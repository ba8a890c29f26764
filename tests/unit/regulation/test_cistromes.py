import numpy as np
import pandas as pd
from multiome2vec.regulation.cistromes import cistromes

FACTORS = pd.DataFrame(
    {"tfs": ["JUN,FOS", "JUN", "", "GATA1"], "tfs_orthology": ["", "BATF", "BATF,GATA1", ""]},
    index=["M1", "M2", "M3", "M4"],
)
EDGES = {
    ("a", "M1"): np.array([0, 2]),
    ("b", "M1"): np.array([2, 5]),
    ("a", "M2"): np.array([1]),
    ("a", "M3"): np.array([7, 2]),
    ("b", "M4"): np.array([4]),
}


def regions_of(matrix, columns, name):
    return np.flatnonzero(matrix[:, columns.index.get_loc(name)].toarray().ravel()).tolist()


def test_unions_of_leading_edges_by_evidence():
    matrix, columns = cistromes(EDGES, FACTORS, n_regions=9)
    expected = {
        "FOS_direct": [0, 2, 5],
        "JUN_direct": [0, 1, 2, 5],
        "BATF_orthology": [1, 2, 7],
        "GATA1_direct": [4],
        "GATA1_orthology": [2, 4, 7],
    }
    assert sorted(columns.index) == sorted(expected)  # JUN has no more by orthology than directly
    for name, regions in expected.items():
        assert regions_of(matrix, columns, name) == regions
        assert columns.loc[name, "n_regions"] == len(regions)
    assert columns.loc["GATA1_orthology", "motifs"] == "M3,M4"
    assert columns.loc["GATA1_direct", "evidence"] == "direct"
    assert matrix.dtype == np.uint8
    assert matrix.shape == (9, 5)


def test_no_motif_is_enriched():
    matrix, columns = cistromes({}, FACTORS, n_regions=9)
    assert matrix.shape == (9, 0)
    assert list(columns) == ["tf", "evidence", "n_regions", "motifs"]
