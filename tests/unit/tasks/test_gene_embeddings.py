import numpy as np
import pytest
from multiome2vec.errors import ContractError
from multiome2vec.metrics import Undefined
from multiome2vec.tasks import gene_embeddings as module
from multiome2vec.tasks.gene_embeddings import (
    coexpression_agreement,
    gene_embeddings,
    neighbours,
    set_agreement,
    unit_rows,
)
from scipy import sparse
from scipy.stats import spearmanr
from sklearn.linear_model import LinearRegression
from sklearn.metrics import roc_auc_score

RNG = np.random.default_rng(0)
N_GENES, N_MODULES, N_SAMPLES = 120, 6, 300
MODULE = np.arange(N_GENES) % N_MODULES
NAMES = [f"G{gene}" for gene in range(N_GENES)]
SETS = {f"M{number}": [f"G{g}" for g in np.flatnonzero(number == MODULE)] for number in range(6)}
# planted: the genes of a module follow one hidden factor
HIDDEN = RNG.normal(size=(N_SAMPLES, N_MODULES))
LOADINGS = np.eye(N_MODULES)[MODULE] * RNG.uniform(0.5, 1.5, (N_GENES, 1))
EXPRESSION = HIDDEN @ LOADINGS.T + RNG.normal(0, 1, (N_SAMPLES, N_GENES))


@pytest.fixture(scope="module")
def weight():
    """Last weight of a linear decoder of a noisy, rotated view of the hidden factors."""
    rotation = np.linalg.qr(RNG.normal(size=(10, 10)))[0][:N_MODULES]
    h = HIDDEN @ rotation + RNG.normal(0, 0.3, (N_SAMPLES, 10))
    return LinearRegression().fit(h, EXPRESSION).coef_


def test_fault_gene_embeddings_being_sample_embeddings(weight):
    """One row per gene, whatever the samples; neither latents nor the transpose pass for it."""
    table = gene_embeddings(weight, NAMES)
    assert list(table.index) == NAMES
    assert table.shape == (N_GENES, 10)
    np.testing.assert_allclose(table.loc["G7"], weight[7], rtol=1e-6)
    for wrong in (HIDDEN, weight.T):
        with pytest.raises(ContractError, match="one row for each of 120 genes"):
            gene_embeddings(wrong, NAMES)


@pytest.mark.parametrize("measure", ["cosine", "pearson"])
def test_planted_modules_are_similar_within(weight, measure):
    found = set_agreement(weight, NAMES, SETS, measure=measure)
    assert found["set_auroc"] > 0.8
    assert found["set_genes"] == N_GENES
    shuffled = set_agreement(RNG.permutation(weight), NAMES, SETS, measure=measure)
    assert shuffled["set_auroc"] == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("block", [1000, 4_000_000])
def test_area_is_that_of_all_pairs(weight, block, monkeypatch):
    """Sets overlap, hold genes that have no embedding and leave genes out."""
    monkeypatch.setattr(module, "BLOCK", block)
    sets = {f"S{n}": [*RNG.choice(NAMES[:90], 15, replace=False), "X"] for n in range(9)}
    found = set_agreement(weight, NAMES, sets)
    some = [gene for gene in range(N_GENES) if any(NAMES[gene] in genes for genes in sets.values())]
    unit = unit_rows(weight)
    pairs = [(a, b) for a in some for b in some if a < b]
    shared = [any({NAMES[a], NAMES[b]} <= set(genes) for genes in sets.values()) for a, b in pairs]
    expected = roc_auc_score(shared, [unit[a] @ unit[b] for a, b in pairs])
    assert found == pytest.approx({"set_auroc": expected, "set_genes": len(some)}, abs=1e-5)


def test_sets_that_say_nothing(weight):
    with pytest.raises(Undefined, match="no two genes with a common set among 0 genes"):
        set_agreement(weight, NAMES, {"A": ["X", "Y"]})
    with pytest.raises(Undefined, match="no two genes without a common set"):
        set_agreement(weight, NAMES, {"A": NAMES})


@pytest.mark.parametrize("block", [500, 4_000_000])
@pytest.mark.parametrize("measure", ["cosine", "pearson"])
def test_neighbours_are_those_of_the_whole_matrix(weight, block, measure, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", block)
    found = neighbours(weight, k=7, measure=measure)
    if measure == "pearson":
        similarity = np.corrcoef(weight)
    else:
        length = np.linalg.norm(weight, axis=1)
        similarity = weight @ weight.T / np.outer(length, length)
    np.fill_diagonal(similarity, -np.inf)
    order = np.argsort(-similarity, axis=1)[:, :7]
    np.testing.assert_array_equal(found.index, order)
    np.testing.assert_allclose(
        found.similarity, np.take_along_axis(similarity, order, axis=1), rtol=1e-5
    )


def test_no_gene_is_its_own_neighbour():
    same = np.vstack([np.ones((3, 4)), np.zeros((1, 4))])
    found = neighbours(same, k=10)
    assert found.index.shape == (4, 3)
    assert not (found.index == np.arange(4)[:, None]).any()
    assert found.similarity[3].max() == 0
    with pytest.raises(ContractError, match="Unknown measure"):
        neighbours(same, k=1, measure="dot")


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix])
def test_agreement_with_coexpression(weight, form):
    positive = np.where(EXPRESSION > 0.5, EXPRESSION, 0)
    found = coexpression_agreement(weight, form(positive), seed=0)["coexpression_spearman"]
    pairs = np.triu_indices(N_GENES, k=1)
    unit = unit_rows(weight)
    expected = spearmanr((unit @ unit.T)[pairs], np.corrcoef(positive.T)[pairs]).statistic
    assert found == pytest.approx(expected, abs=1e-9)
    assert found > 0.25
    shuffled = coexpression_agreement(RNG.permutation(weight), form(positive), seed=0)
    assert abs(shuffled["coexpression_spearman"]) < 0.1


def test_coexpression_of_some_genes(weight):
    every = coexpression_agreement(weight, EXPRESSION, seed=0)["coexpression_spearman"]
    some = coexpression_agreement(weight, EXPRESSION, n_genes=60, seed=0)["coexpression_spearman"]
    assert some == pytest.approx(every, abs=0.1)
    with pytest.raises(Undefined, match="three genes vary"):
        coexpression_agreement(weight, np.ones((5, N_GENES)), seed=0)
    with pytest.raises(ContractError, match="120 embeddings for 119 genes"):
        coexpression_agreement(weight, EXPRESSION[:, 1:], seed=0)
