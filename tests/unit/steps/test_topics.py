"""topic_model and topic_selection on one small dataset."""

import logging

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from multiome2vec.errors import UserError
from multiome2vec.steps.topic_model import topic_model
from multiome2vec.steps.topic_selection import topic_selection
from scipy import sparse

CELLS, REGIONS = 40, 30


@pytest.fixture
def data(tmp_path):
    """Two kinds of cells; cell 5 and region 7 have nothing open; cell 0 is not kept."""
    rng = np.random.default_rng(0)
    own = np.arange(CELLS)[:, None] % 2 == np.arange(REGIONS) % 2
    counts = rng.poisson(np.where(own, 1.5, 0.05))
    counts[:, 7] = 0
    counts[5] = 0
    counts[0, 7] = 3  # in the cell that is not kept
    start = 1000 * np.arange(REGIONS)
    var = pd.DataFrame({"chrom": "chr1", "start": start, "end": start + 500})
    var.index = "chr1:" + var["start"].astype(str) + "-" + var["end"].astype(str)
    obs = pd.DataFrame(index=[f"s1#{i}" for i in range(CELLS)])
    regions = ad.AnnData(sparse.csr_matrix(counts), obs=obs, var=var)
    regions.uns["counting"] = "paired-insertion"
    regions.write_h5ad(tmp_path / "regions.h5ad")
    keep = pd.DataFrame({"keep": np.arange(CELLS) > 0, "reason": ""}, index=obs.index)
    keep.rename_axis("cell").to_csv(tmp_path / "barcodes.tsv", sep="\t")
    labels = pd.DataFrame({"label": np.arange(CELLS) % 2}, index=obs.index)
    labels.rename_axis("cell").to_csv(tmp_path / "labels.tsv", sep="\t")
    return tmp_path


def fit(data, k, *, engine="tomotopy", **changed):
    out = data / f"{k}.h5ad"
    settings = {"k": k, "alpha": 50, "eta": 0.1, "iterations": 60, "seed": 1}
    settings |= {"fit_cells": 1000, "held_out": 0.0} | changed
    topic_model(
        regions=str(data / "regions.h5ad"),
        barcodes=str(data / "barcodes.tsv"),
        labels=str(data / "labels.tsv"),
        out=str(out),
        engine=engine,
        settings=settings,
    )
    return out


def select(data, models, n_topics="auto"):
    topic_selection(
        models=[str(path) for path in models],
        table=str(data / "selection.tsv"),
        figure=str(data / "selection.png"),
        out=str(data / "topics.h5ad"),
        n_topics=n_topics,
    )


@pytest.mark.parametrize("engine", ["tomotopy", "lda"])
def test_kept_cells_get_shares_and_the_empty_ones_the_prior(data, engine, caplog):
    with caplog.at_level(logging.INFO):
        found = ad.read_h5ad(fit(data, 2, engine=engine))
    assert found.obs_names.tolist() == [f"s1#{i}" for i in range(1, CELLS)]
    share, regions = found.obsm["X_topic"], found.varm["topic_region"]
    np.testing.assert_allclose(share.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(regions.sum(axis=0), 1, rtol=1e-5)
    np.testing.assert_allclose(share[found.obs_names.get_loc("s1#5")], 0.5)
    assert (regions[7] > 0).all()
    assert (regions[7] <= regions.min(axis=0)).all()
    assert found.obs["topic_fit"].value_counts().to_dict() == {"fitted": 38, "": 1}
    assert "1 cells have nothing open" in caplog.text
    assert "1 regions have nothing open" in caplog.text
    even = regions[::2].sum(axis=0)
    assert abs(even[0] - even[1]) > 0.2  # each topic leans to one kind (the prior is strong here)
    told = found.uns["topics"]
    assert (told["engine"], told["k"], told["alpha"], told["eta"], told["seed"]) == (
        engine, 2, 50, 0.1, 1,
    )  # fmt: skip
    assert told["isa"]
    np.testing.assert_array_equal(told["log_likelihood_iteration"], np.arange(10, 61, 10))
    assert np.isfinite(told["log_likelihood"]).all()


def test_a_chain_that_still_climbs_is_told_with_the_remedy(data, caplog):
    fit(data, 2, iterations=10)
    assert "Raise topics.iterations" in caplog.text


def test_more_topics_than_cells(data):
    with pytest.raises(UserError, match=r"50 topics need more than 50 cells .* topics\.grid"):
        fit(data, 50)


def test_selection_marks_one_row_and_copies_its_model(data, caplog):
    models = [fit(data, k) for k in (2, 3, 4)]
    with caplog.at_level(logging.INFO):
        select(data, models)
    table = pd.read_csv(data / "selection.tsv", sep="\t", index_col="topics")
    assert table.index.tolist() == [2, 3, 4]
    assert table["chosen"].sum() == 1
    chosen = table["chosen"].idxmax()
    assert table["score"].idxmax() == chosen
    assert f"{chosen} topics chosen (largest sum of the scaled metrics)" in caplog.text
    assert ad.read_h5ad(data / "topics.h5ad").obsm["X_topic"].shape == (CELLS - 1, chosen)
    assert (data / "selection.png").read_bytes()[:4] == b"\x89PNG"


def test_choice_at_the_edge_of_the_grid_is_told(data, caplog):
    select(data, [fit(data, k) for k in (2, 3)])
    assert "edge of topics.grid" in caplog.text


def test_number_of_topics_by_config(data, caplog):
    models = [fit(data, k) for k in (2, 3)]
    with caplog.at_level(logging.INFO):
        select(data, models, n_topics=3)
    assert ad.read_h5ad(data / "topics.h5ad").uns["topics"]["k"] == 3
    assert "3 topics chosen (set in the config)" in caplog.text
    with pytest.raises(UserError, match=r"topics\.n_topics is 16, .* topics\.grid \(2, 3\)"):
        select(data, models, n_topics=16)


def test_cells_beyond_the_limit_are_folded_in(data):
    few = ad.read_h5ad(fit(data, 2, fit_cells=20, held_out=0.2))
    assert few.obs["topic_fit"].value_counts().to_dict() == {
        "fitted": 20, "folded_in": 10, "held_out": 8, "": 1,
    }  # fmt: skip
    assert 1 < few.uns["topics"]["metrics"]["perplexity"] < REGIONS
    np.testing.assert_allclose(few.obsm["X_topic"].sum(axis=1), 1, rtol=1e-5)
    role = few.obs["topic_fit"]
    odd = np.arange(1, CELLS) % 2 == 1
    first = few.obsm["X_topic"][:, 0]
    kinds = [first[(role == "folded_in") & (odd == kind)].mean() for kind in (True, False)]
    fitted = [first[(role == "fitted") & (odd == kind)].mean() for kind in (True, False)]
    assert np.sign(kinds[0] - kinds[1]) == np.sign(fitted[0] - fitted[1])


def test_without_held_out_cells_there_is_no_perplexity(data):
    models = [fit(data, k) for k in (2, 3, 4)]
    assert np.isnan(ad.read_h5ad(models[0]).uns["topics"]["metrics"]["perplexity"])
    select(data, models)
    table = pd.read_csv(data / "selection.tsv", sep="\t")
    assert table["perplexity"].isna().all()
    assert table["score"].notna().all()
