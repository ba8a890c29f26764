"""Composition and effects of conditions, from multiome.h5mu to tables and figures."""

import anndata as ad
import mudata
import numpy as np
import pandas as pd
import pytest
from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.steps.composition import composition_step
from multiome2vec.steps.condition_effects import condition_effects_step
from scipy import sparse

PNG = b"\x89PNG"
N_GENES = 80
SETTINGS = {
    "reference": None, "covariates": [], "min_cells": 10, "min_replicates": 2, "min_counts": 10,
    "max_padj": 0.05,
}  # fmt: skip


@pytest.fixture
def path(tmp_path):
    """Six donors; in sick ones T cells are three times as frequent, and 10 of their genes rise."""
    rng = np.random.default_rng(0)
    sample, label = [], []
    for donor in range(6):
        sizes = {"T": 120 if donor < 3 else 40, "B": 60, "NK": 50, "rare": 4}
        label += [name for name, n in sizes.items() for _ in range(n)]
        sample += [f"s{donor}"] * sum(sizes.values())
    obs = pd.DataFrame({keys.SAMPLE: sample, keys.LABEL: label})
    obs[keys.BATCH] = obs[keys.SAMPLE]
    obs[keys.DONOR] = "d" + obs[keys.SAMPLE]
    obs[keys.CONDITION] = np.where(obs[keys.SAMPLE].isin(["s0", "s1", "s2"]), "sick", "healthy")
    obs.index = [f"{name}#{i}" for i, name in enumerate(sample)]
    mean = np.tile(rng.lognormal(0, 0.5, N_GENES), (len(obs), 1))
    affected = (obs[keys.LABEL] == "T") & (obs[keys.CONDITION] == "sick")
    mean[np.ix_(affected, np.arange(10))] *= 3
    mean *= pd.Series(rng.lognormal(0, 0.2, 6), [f"s{i}" for i in range(6)])[sample].to_numpy()[
        :, None
    ]
    rna = ad.AnnData(
        sparse.csr_matrix(np.log1p(rng.poisson(mean)).astype(np.float32)),
        obs=obs[[]].copy(),
        var=pd.DataFrame(index=[f"G{i}" for i in range(N_GENES)]),
    )
    rna.layers[keys.COUNTS] = sparse.csr_matrix(rng.poisson(mean).astype(np.int32))
    mdata = mudata.MuData({keys.RNA: rna})
    mdata.obs = obs
    mdata.write_h5mu(tmp_path / "multiome.h5mu")
    return str(tmp_path / "multiome.h5mu")


def effects(path, tmp_path, **settings):
    out = {
        "table": tmp_path / "effects.tsv.gz", "summary": tmp_path / "summary.tsv",
        "figure": tmp_path / "effects.png",
    }  # fmt: skip
    condition_effects_step(
        multiome=path, kind="gene", settings=SETTINGS | settings, threads=1,
        **{name: str(file) for name, file in out.items()},
    )  # fmt: skip
    assert out["figure"].read_bytes().startswith(PNG)
    summary = pd.read_csv(out["summary"], sep="\t", keep_default_na=False, index_col=keys.LABEL)
    return pd.read_csv(out["table"], sep="\t"), summary


def shares(path, tmp_path, **settings):
    out = {name: tmp_path / f"{name}.tsv" for name in ("table", "tests")}
    given = {"reference": None, "covariates": [], "min_replicates": 2} | settings
    composition_step(
        multiome=path, figure=str(tmp_path / "shares.png"), **given,
        **{name: str(file) for name, file in out.items()},
    )  # fmt: skip
    assert (tmp_path / "shares.png").read_bytes().startswith(PNG)
    tests = pd.read_csv(out["tests"], sep="\t", keep_default_na=False, index_col=keys.LABEL)
    return pd.read_csv(out["table"], sep="\t"), tests


def test_planted_genes_are_found_in_their_type_alone(path, tmp_path):
    table, summary = effects(path, tmp_path)
    assert summary.loc["T", "up"] == 10
    assert set(summary.loc["T", "top"].split(", ")) <= {f"G{i}" for i in range(10)}
    assert summary.loc[["B", "NK"], ["up", "down"]].to_numpy().sum() <= 1
    assert summary.loc["rare", "reason"].startswith("2 replicates per condition are needed")
    assert summary.loc["rare", "tested"] == 0
    assert set(table[keys.LABEL]) == {"T", "B", "NK"}
    best = table[table[keys.LABEL] == "T"].head(10)
    assert set(best["gene"]) == {f"G{i}" for i in range(10)}
    assert (best["log2fc"] > 1).all()
    assert set(table["condition"]) == {"sick"}


def test_the_reference_turns_the_sign(path, tmp_path):
    _, summary = effects(path, tmp_path, reference="sick")
    assert summary.loc["T", "down"] == 10
    assert summary.loc["T", "reference"] == "sick"


def test_shares_of_replicates_and_the_type_that_grows(path, tmp_path):
    table, tests = shares(path, tmp_path)
    assert table.groupby("replicate")["share"].sum().to_numpy() == pytest.approx(
        np.ones(6), abs=1e-5
    )
    assert set(table["replicate"]) == {f"ds{i}|{'sick' if i < 3 else 'healthy'}" for i in range(6)}
    assert tests.loc["T", "log2fc"] == pytest.approx(np.log2(3), abs=0.1)
    assert float(tests.loc["T", "padj"]) < 0.01
    assert tests.loc[["B", "NK"], "log2fc"].astype(float).abs().max() < 0.1


def test_too_few_replicates_are_said(path, tmp_path, caplog):
    _, tests = shares(path, tmp_path, min_replicates=4)
    reason = "4 replicates per condition are needed: healthy has 3, sick has 3"
    assert set(tests["reason"]) == {reason}
    assert set(tests["pvalue"]) == {""}
    assert reason in caplog.text
    table, summary = effects(path, tmp_path, min_replicates=4)
    assert table.empty
    assert summary.loc["T", "reason"] == reason


def test_a_covariate_that_is_no_column_is_refused(path, tmp_path):
    with pytest.raises(UserError, match="'sex', which is no column of the sample sheet"):
        effects(path, tmp_path, covariates=["sex"])
