import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scanpy as sc
from multiome2vec.errors import ContractError
from multiome2vec.regulation.expression import log2_fold_change
from multiome2vec.tasks import differential as module
from multiome2vec.tasks.differential import COLUMNS, differential
from scipy import sparse
from scipy.stats import false_discovery_control, mannwhitneyu

RNG = np.random.default_rng(0)
N_CELLS, N_GENES = 300, 80
GROUPS = RNG.choice(["a", "b", "c"], N_CELLS, p=[0.2, 0.3, 0.5])
RATES = RNG.gamma(1, 1, N_GENES) * np.ones((N_CELLS, 1))
RATES[:, :8] *= np.where(GROUPS == "a", 4, 1)[:, None]
VALUES = np.log1p(RNG.poisson(RATES)).astype(np.float32)
NAMES = [f"G{gene}" for gene in range(N_GENES)]


@pytest.fixture(params=[300, 1_000, 10_000_000])
def block(request, monkeypatch):
    """Entries ranked at once: about one gene, some genes, or all."""
    monkeypatch.setattr(module, "BLOCK", request.param)


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix, sparse.csc_matrix])
def test_pvalues_are_scipys(form):
    found = differential(form(VALUES), groups=GROUPS, names=NAMES)
    assert list(found.columns) == COLUMNS
    assert len(found) == 3 * N_GENES
    for name, table in found.groupby("group"):
        inside = name == GROUPS
        table = table.set_index("feature").loc[NAMES]
        parts = VALUES[inside].astype(float), VALUES[~inside].astype(float)
        expected = mannwhitneyu(*parts, use_continuity=False, method="asymptotic")
        np.testing.assert_allclose(table["pvalue"], expected.pvalue, rtol=1e-8)
        np.testing.assert_allclose(table["padj"], false_discovery_control(expected.pvalue))
        np.testing.assert_allclose(table["share_in"], (VALUES[inside] > 0).mean(axis=0))
        np.testing.assert_allclose(table["share_out"], (VALUES[~inside] > 0).mean(axis=0))


def test_table_is_scanpys():
    found = differential(sparse.csr_matrix(VALUES), groups=GROUPS, names=NAMES)
    obs = pd.DataFrame({"group": pd.Categorical(GROUPS)}, index=[f"c{n}" for n in range(N_CELLS)])
    adata = ad.AnnData(VALUES, obs=obs)
    adata.var_names = NAMES
    sc.tl.rank_genes_groups(adata, "group", method="wilcoxon", tie_correct=True)
    expected = sc.get.rank_genes_groups_df(adata, "a").set_index("names").loc[NAMES]
    table = found[found["group"] == "a"].set_index("feature").loc[NAMES]
    np.testing.assert_allclose(table["pvalue"], expected["pvals"], rtol=1e-4)
    np.testing.assert_allclose(table["log2fc"], expected["logfoldchanges"], rtol=1e-3, atol=1e-5)
    ours = log2_fold_change(sparse.csr_matrix(VALUES), GROUPS == "a")
    np.testing.assert_allclose(table["log2fc"], ours, rtol=1e-6, atol=1e-9)


def test_planted_genes_come_first():
    found = differential(sparse.csr_matrix(VALUES), groups=GROUPS, names=NAMES)
    first = found[found["group"] == "a"].head(8)
    assert set(first["feature"]) == set(NAMES[:8])
    assert (first["padj"] < 0.05).all()
    assert (first["log2fc"] > 1).all()


def test_imputed_values_in_linear_scale(tmp_path):
    """Dense values without zeros, such as a model's means, read from a file by columns."""
    imputed = RATES * RNG.gamma(5, 0.2, RATES.shape)
    np.save(tmp_path / "imputed.npy", imputed)
    mapped = np.load(tmp_path / "imputed.npy", mmap_mode="r")
    found = differential(mapped, groups=GROUPS, names=NAMES, scale="linear")
    table = found[found["group"] == "a"].set_index("feature").loc[NAMES]
    inside = GROUPS == "a"
    ratio = imputed[inside].mean(axis=0) / imputed[~inside].mean(axis=0)
    np.testing.assert_allclose(table["log2fc"], np.log2(ratio), rtol=1e-5, atol=1e-7)
    assert (table["share_in"] == 1).all()


def test_stored_zeros_and_empty_features():
    stored = sparse.csr_matrix(VALUES)
    stored.data[::4] = 0
    stored = sparse.hstack([stored, sparse.csr_matrix((N_CELLS, 1))]).tocsr()
    found = differential(stored, groups=GROUPS, names=[*NAMES, "none"])
    plain = differential(stored.toarray(), groups=GROUPS, names=[*NAMES, "none"])
    pd.testing.assert_frame_equal(found, plain)
    none = found[found["feature"] == "none"]
    assert (none["pvalue"] == 1).all()
    assert (none["log2fc"] == 0).all()


def test_permuted_groups_reject_about_five_percent():
    rejected = [
        (differential(VALUES, groups=RNG.permutation(GROUPS), names=NAMES)["pvalue"] < 0.05).mean()
        for _ in range(10)
    ]
    assert 0.03 < np.mean(rejected) < 0.07


def test_imputed_values_are_anticonservative():
    """What the docstring warns of: cells smoothed over neighbours differ where nothing differs."""
    noise = RNG.normal(5, 1, (N_CELLS, N_GENES))
    order = np.argsort(noise[:, 0])
    smooth = np.empty_like(noise)
    kernel = np.ones(40) / 40
    for gene in range(N_GENES):
        smooth[order, gene] = np.convolve(noise[order, gene], kernel, mode="same")
    halves = np.empty(N_CELLS, "<U1")
    halves[order] = np.where(np.arange(N_CELLS) < N_CELLS / 2, "x", "y")
    share = [
        (differential(values, groups=halves, names=NAMES)["pvalue"][2:] < 0.05).mean()
        for values in (noise, smooth)
    ]
    assert share[0] < 0.15
    assert share[1] > 0.4


def test_small_and_unlabelled_groups_are_not_tested():
    groups = GROUPS.astype(object)
    groups[:9] = "few"
    groups[groups == "b"] = "unlabelled"
    found = differential(VALUES, groups=groups, names=NAMES)
    assert sorted(set(found["group"])) == ["a", "c"]
    assert differential(VALUES, groups=["one"] * N_CELLS, names=NAMES).empty


def test_refusals():
    with pytest.raises(ContractError, match="300 groups and 79 names for 300 × 80"):
        differential(VALUES, groups=GROUPS, names=NAMES[1:])
    with pytest.raises(ContractError, match="Unknown scale 'raw'"):
        differential(VALUES, groups=GROUPS, names=NAMES, scale="raw")
    with pytest.raises(ContractError, match="values below 0"):
        differential(VALUES - 1, groups=GROUPS, names=NAMES)
