import random

import igraph
import numpy as np
import pytest
from multiome2vec.errors import UserError
from multiome2vec.presets import configure
from multiome2vec.tasks import components
from multiome2vec.tasks.components import count_clusters
from toy_multiome import toy_multiome
from toy_presets import everywhere, short


def clusters(n, *, cells=60, dimensions=8, seed=0):
    """Cells around n points far from each other."""
    rng = np.random.default_rng(seed)
    centres = 20 * rng.normal(size=(n, dimensions))
    return (np.repeat(centres, cells, axis=0) + rng.normal(size=(n * cells, dimensions))).astype(
        np.float32
    )


@pytest.mark.parametrize("n", [2, 5, 9])
def test_clusters_that_lie_apart_are_counted(n):
    found = count_clusters(clusters(n, cells=40), seed=0)
    assert n <= found <= n + 1


def test_counts_are_within_bounds():
    assert count_clusters(clusters(70, cells=30), seed=0) == 50
    line = np.zeros((5, 3), np.float32)
    assert count_clusters(line, seed=0) == 2


def test_many_cells_are_counted_by_some_of_them(monkeypatch):
    seen = []
    graph = components.kneighbors_graph
    monkeypatch.setattr(components, "CELLS", 100)
    monkeypatch.setattr(
        components, "kneighbors_graph", lambda x, k: seen.append(len(x)) or graph(x, k)
    )
    assert count_clusters(clusters(3, cells=400), seed=0) == 3
    assert seen == [100]


def test_the_seed_alone_decides_and_igraph_is_left_as_it_was():
    rng = np.random.default_rng(0)
    cells = rng.normal(size=(400, 4)).astype(np.float32)
    random.seed(1)
    first = count_clusters(cells, seed=3)
    random.seed(2)
    assert count_clusters(cells, seed=3) == first
    drawn = []
    for _ in range(2):
        random.seed(5)
        drawn.append(igraph.Graph.Erdos_Renyi(n=30, m=60).get_edgelist())
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("preset", ["scmvp", "count-gmvae"])
def test_the_cells_choose_the_number(preset, monkeypatch):
    """The card says so, and the decoders and the prior have as many."""
    monkeypatch.setattr("multiome2vec.tasks.train.count_clusters", lambda *_, **__: 6)
    settings = {"n_components": "auto", "pretrain_epochs": 2, "max_epochs": 2}
    trained = short(preset, toy_multiome(cells=120), **settings)
    assert trained.facts["n_components"] == {"number": 6, "chosen_by": "clusters"}
    assert trained.model.config.n_components == 6
    assert everywhere(trained).responsibilities.shape == (120, 6)


def test_a_number_is_taken_as_it_is():
    trained = short("scmvp", toy_multiome(cells=120), n_components=3, max_epochs=1)
    assert trained.facts["n_components"] == {"number": 3, "chosen_by": "settings"}
    assert short("trivae", toy_multiome(cells=120), max_epochs=1).facts["n_components"] is None


@pytest.mark.parametrize(
    ("preset", "hyper"), [("scmvp", {"pretrain_epochs": 0}), ("trivae", {"pretrain_epochs": 5})]
)
def test_without_cells_to_count_a_number_is_needed(preset, hyper):
    with pytest.raises(UserError, match="n_components: auto counts the clusters"):
        configure(preset, {"n_components": "auto", **hyper})


def test_other_words_are_refused():
    with pytest.raises(
        UserError, match="'n_components' must be of type int, such as 10, or 'auto'"
    ):
        configure("scmvp", {"n_components": "many"})
