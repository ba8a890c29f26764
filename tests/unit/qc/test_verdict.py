import numpy as np
import pandas as pd
import pytest
from multiome2vec import keys
from multiome2vec.qc.verdict import doublet_flags, judge, surplus


def cells(n, **columns):
    table = pd.DataFrame(
        {
            keys.SAMPLE: "s",
            keys.IN_RNA: True,
            keys.IN_ATAC: True,
            keys.RNA_REASON: "",
            keys.ATAC_REASON: "",
            keys.DOUBLET_SCORE: np.linspace(0, 1, n),
            keys.PREDICTED_DOUBLET: False,
            keys.ATAC_PREDICTED_DOUBLET: False,
        },
        index=pd.Index([f"s#{i:03d}" for i in range(n)], name=keys.CELL),
    )
    return table.assign(**columns)


NOTHING = {"include": None, "exclude": None, "max_cells": None, "seed": 0}


def test_every_reason_is_listed():
    table = cells(101)
    table.loc["s#000", [keys.RNA_REASON, keys.ATAC_REASON]] = ["low_genes;high_mt", "low_tsse"]
    table.loc["s#001", keys.IN_ATAC] = False
    found = judge(table, include=set(table.index) - {"s#000"}, exclude={"s#002"},
                  max_cells=None, seed=0)  # fmt: skip
    assert found.loc["s#000", keys.REASON] == "low_genes;high_mt;low_tsse;not_included"
    assert found.loc["s#001", keys.REASON] == "not_in_atac"
    assert found.loc["s#002", keys.REASON] == "excluded"
    assert found[keys.KEEP].sum() == 98
    assert (found[keys.KEEP] == (found[keys.REASON] == "")).all()


def test_a_modality_is_missed_only_where_the_sample_has_it():
    one = cells(3, **{keys.IN_ATAC: False})
    other = cells(3, **{keys.SAMPLE: "t"}).set_axis(["t#0", "t#1", "t#2"])
    other.loc["t#0", keys.IN_RNA] = False
    found = judge(pd.concat([one, other]), **NOTHING)
    assert found[keys.REASON].tolist() == ["", "", "", "not_in_rna", "", ""]


def test_joint_doublet_rule():
    table = cells(101)  # scores 0, .01, ..., 1: the 90th percentile is .9
    table.loc["s#010", keys.PREDICTED_DOUBLET] = True  # RNA alone decides
    table.loc[["s#020", "s#095"], keys.ATAC_PREDICTED_DOUBLET] = True  # ATAC needs a witness
    table.loc["s#099", [keys.PREDICTED_DOUBLET, keys.ATAC_PREDICTED_DOUBLET]] = True
    table.loc["s#030", keys.DOUBLET_SCORE] = np.nan  # no RNA score: ATAC decides
    table.loc["s#030", keys.ATAC_PREDICTED_DOUBLET] = True
    reasons = judge(table, **NOTHING)[keys.REASON]
    assert reasons[reasons != ""].to_dict() == {
        "s#010": "rna_doublet",
        "s#030": "atac_doublet",
        "s#095": "joint_doublet",
        "s#099": "rna_doublet",
    }


def test_the_percentile_is_per_sample():
    low = cells(101, **{keys.DOUBLET_SCORE: np.linspace(0, 0.1, 101)})
    high = cells(101).set_axis([f"t#{i}" for i in range(101)]).assign(sample="t")
    table = pd.concat([low, high])
    table.loc["s#095", keys.ATAC_PREDICTED_DOUBLET] = True
    assert doublet_flags(table)["joint_doublet"].sum() == 1


def test_max_cells_counts_only_kept_cells_and_is_seeded():
    table = cells(50)
    table.loc["s#000", keys.RNA_REASON] = "low_genes"
    found = judge(table, **(NOTHING | {"max_cells": 20}))
    assert found[keys.KEEP].sum() == 20
    assert found.loc["s#000", keys.REASON] == "low_genes"
    again = judge(table.iloc[::-1], **(NOTHING | {"max_cells": 20}))
    pd.testing.assert_frame_equal(found, again.sort_index())
    other = judge(table, **(NOTHING | {"max_cells": 20, "seed": 1}))
    assert (found[keys.KEEP] != other[keys.KEEP]).any()


@pytest.mark.parametrize("limit", [None, 60])
def test_no_cell_is_left_out_when_there_is_room(limit):
    assert not surplus(cells(50)[keys.SAMPLE], max_cells=limit, seed=0).any()


def test_the_choice_in_one_sample_does_not_depend_on_others():
    one = cells(40)[keys.SAMPLE]
    two = pd.concat([pd.Series("a", index=[f"a#{i}" for i in range(30)]), one])
    both = surplus(two, max_cells=10, seed=3)
    pd.testing.assert_series_equal(
        both[one.index], surplus(one, max_cells=10, seed=3), check_names=False
    )
    assert (~both).sum() == 20
