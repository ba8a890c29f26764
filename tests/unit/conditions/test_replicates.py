"""Which replicates a comparison uses, and when there is none."""

import pandas as pd
import pytest
from multiome2vec.conditions.replicates import (
    COEFFICIENT,
    compare,
    reference_level,
    replicate_table,
)
from multiome2vec.errors import UserError


def cells(*rows, **columns):
    """Two cells per row of sample, donor and condition."""
    names = ["sample", "donor", "condition"]
    return pd.DataFrame([row for row in rows for _ in range(2)], columns=names).assign(**columns)


def against(table, **settings):
    return compare(
        table, condition="sick", reference="healthy", **({"least": 2, "covariates": ()} | settings)
    )


FOUR = [(f"s{i}", f"d{i}", "sick" if i < 2 else "healthy") for i in range(4)]


def test_samples_of_a_donor_in_one_condition_are_one_replicate():
    table = replicate_table(cells(("a", "d1", "sick"), ("b", "d1", "sick"), ("c", "", "healthy")))
    assert table["cells"].to_dict() == {"c|healthy": 2, "d1|sick": 4}
    assert table["donor"].to_dict() == {"c|healthy": "c", "d1|sick": "d1"}


def test_cells_without_condition_are_left_out():
    table = replicate_table(cells(("a", "d1", "sick"), ("b", "d2", "")))
    assert table.index.tolist() == ["d1|sick"]


def test_independent_groups():
    found = against(replicate_table(cells(*FOUR)))
    assert found.reason == ""
    assert found.text == "~ condition"
    assert found.matrix[COEFFICIENT].to_dict() == {
        "d0|sick": 1, "d1|sick": 1, "d2|healthy": 0, "d3|healthy": 0,
    }  # fmt: skip
    assert list(found.matrix) == ["intercept", COEFFICIENT]


def test_donors_in_both_conditions_are_compared_with_themselves():
    rows = [(f"{d}{c}", d, c) for d in ("x", "y", "z") for c in ("sick", "healthy")]
    found = against(replicate_table(cells(*rows, ("w", "w", "sick"))))
    assert found.reason == ""
    assert found.text == "~ donor + condition (1 replicates of donors with one condition left out)"
    assert "w|sick" not in found.matrix.index
    assert list(found.matrix) == ["intercept", "donor_y", "donor_z", COEFFICIENT]


def test_a_few_donors_in_both_conditions_are_not_counted_twice():
    rows = [("x1", "x", "sick"), ("x2", "x", "healthy"), *FOUR]
    found = against(replicate_table(cells(*rows)))
    assert found.reason == ""
    assert sorted(found.matrix.index) == ["d0|sick", "d1|sick", "d2|healthy", "d3|healthy"]
    assert "2 replicates of donors with both conditions left out" in found.text


@pytest.mark.parametrize(
    ("rows", "settings", "reason"),
    [
        (FOUR[:3], {}, "2 replicates per condition are needed: healthy has 1, sick has 2"),
        (FOUR, {"least": 3}, "3 replicates per condition are needed: healthy has 2, sick has 2"),
        (FOUR, {"covariates": ["batch"]}, "the condition is confounded with the covariates"),
        (FOUR, {"covariates": ["site", "place"]}, "the covariates are confounded with each other"),
    ],
)
def test_what_cannot_be_tested_says_why(rows, settings, reason):
    obs = cells(*rows)
    obs["batch"] = obs["condition"]
    obs["site"] = obs["place"] = obs["donor"].isin(["d0", "d2"]).astype(str)
    table = replicate_table(obs, covariates=["batch", "site", "place"])
    assert against(table, **settings).reason.startswith(reason)


def test_a_crossed_covariate_is_adjusted_for():
    obs = cells(*FOUR, *[(f"t{s}", f"t{d}", c) for s, d, c in FOUR])
    obs["batch"] = obs["sample"].str[-1].astype(int).mod(2).astype(str)
    found = against(replicate_table(obs, covariates=["batch"]), covariates=["batch"])
    assert found.reason == ""
    assert list(found.matrix) == ["intercept", "batch_1", COEFFICIENT]


def test_odd_covariates_and_references_are_refused():
    obs = cells(*FOUR, lane=["1", "2"] * 4)
    with pytest.raises(UserError, match="'sex', which is no column of the sample sheet"):
        replicate_table(obs, covariates=["sex"])
    with pytest.raises(UserError, match="'lane' differs between the cells of d0|sick"):
        replicate_table(obs, covariates=["lane"])
    with pytest.raises(UserError, match="'well', but the conditions are healthy, sick"):
        reference_level(obs["condition"], "well")
    assert reference_level(obs["condition"], None) == "healthy"
