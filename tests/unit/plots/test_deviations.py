"""Which motifs the heat map of activity shows, and how."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from multiome2vec.plots.deviations import MOST_ROWS, deviations_figure, top_motifs


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


MEANS = pd.DataFrame(
    {
        "b-10": [5, 4, 4.5, -1, np.nan, 0.5],
        "b-9": [-1, -0.9, 4, 3, np.nan, 0.25],
        "a": [-2, -1.7, 0, -1, np.nan, -3.0],
    },
    index=["J1", "J2", "J3", "E1", "N1", "Z1"],
)
FAMILIES = pd.Series(["Jun", "Fos; Jun", "Jun", "Ets", "Nowhere", ""], index=MEANS.index)


def test_alike_motifs_of_a_family_are_shown_once():
    # J2 goes with J1; J3 of the same family has another profile; Z1 has no family
    assert top_motifs(MEANS, FAMILIES) == ["J1", "J3", "Z1", "E1"]


def test_motifs_of_other_families_stay_however_alike():
    families = FAMILIES.replace({"Fos; Jun": "Fos"})
    assert {"J1", "J2"} <= set(top_motifs(MEANS, families))


def test_without_families_every_motif_stands_for_itself():
    found = top_motifs(MEANS, pd.Series("", index=MEANS.index))
    assert sorted(found) == ["E1", "J1", "J2", "J3", "Z1"]


def test_nothing_active():
    assert top_motifs(-MEANS.abs(), FAMILIES) == []
    motifs = pd.DataFrame({"name": "x", "family": FAMILIES})
    figure = deviations_figure(-MEANS.abs(), motifs)
    assert [text.get_text() for text in figure.axes[0].texts] == ["no motif is active in a label"]


@pytest.mark.parametrize("labels", [1, 2, 30, 100])
def test_rows_stay_readable_and_every_label_has_its_top_motif(labels):
    rng = np.random.default_rng(labels)
    means = pd.DataFrame(
        rng.normal(size=(300, labels)), index=[f"M{i}" for i in range(300)],
        columns=[f"label {i}" for i in range(labels)],
    )  # fmt: skip
    found = top_motifs(means, pd.Series([f"F{i % 150}" for i in range(300)], index=means.index))
    assert len(found) == len(set(found)) <= max(MOST_ROWS, labels)
    if labels > 2:  # else whatever is active correlates
        assert set(means.idxmax()) <= set(found)
    where = means.loc[found].to_numpy().argmax(axis=1)
    assert (np.diff(where) >= 0).all()


def test_figure_names_motifs_families_and_labels_in_natural_order():
    motifs = pd.DataFrame(
        {"name": ["n" * 3] * 6, "family": FAMILIES.where(FAMILIES != "Ets", "e" * 99)}
    )
    figure = deviations_figure(MEANS, motifs)
    axis = figure.axes[0]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["a", "b-9", "b-10"]
    rows = [label.get_text() for label in axis.get_yticklabels()]
    assert rows[0] == "nnn (E1)"
    assert set(rows) == {f"nnn ({name})" for name in ("J1", "J3", "E1", "Z1")}
    families = [label.get_text() for label in axis.child_axes[0].get_yticklabels()]
    assert families[0] == "e" * 43 + "…"
    shown = axis.images[0]
    assert shown.get_array()[0].tolist() == [-1, 3, -1]
    assert shown.get_clim() == (-5, 5)
