import numpy as np
import pytest
import torch
from multiome2vec.training import loop, reseed
from multiome2vec.training.inference import Latent
from multiome2vec.training.reseed import count_idle, longest_dead, worst_place
from multiome2vec.training.schedules import Schedule
from tiny_model import build
from toy_training import toy_cells, train

#: eight components at random places for the toy's four types
MIXTURE = {"prior": "mixture", "n_components": 8}
LONG = {"kl_z": Schedule("linear", epochs=20), "kl_c": Schedule("linear", epochs=20)}


@pytest.fixture(scope="module")
def data():
    return toy_cells()


def used(*shares):
    """Responsibilities of 1,000 cells, certain, with these shares of the cells."""
    counts = np.round(1000 * np.array(shares)).astype(int)
    return np.eye(len(shares))[np.repeat(np.arange(len(shares)), counts)]


def test_dead_is_less_than_a_fifth_of_a_fair_share_for_epochs_in_a_row():
    """Of four components, 0.05."""
    idle = count_idle([], used(0.9, 0.06, 0.04, 0))
    assert idle == [0, 0, 1, 1]
    idle = count_idle(idle, used(0.9, 0.04, 0.06, 0))
    assert idle == [0, 1, 0, 2]
    assert longest_dead(idle, epochs=3) is None
    assert longest_dead(idle, epochs=2) == 3
    assert longest_dead([], epochs=1) is None
    assert longest_dead([0, 4, 4, 1], epochs=2) == 1


def test_the_place_is_within_the_cells_explained_worst():
    """A tenth of the cells lies apart; the worst of all are outliers, three elsewhere."""
    rng = np.random.default_rng(0)
    mean = rng.normal(0, 0.1, (1000, 3)).astype(np.float32)
    mean[:100] += [4, 0, 0]
    mean[-3:] = [[0, 90, 0], [0, 0, 90], [-90, 0, 0]]
    cells = Latent(mean, np.full_like(mean, 0.25), divergence=np.square(mean).sum(axis=1))
    found, variance = worst_place(cells, n_components=6)
    np.testing.assert_allclose(found, [4, 0, 0], atol=0.05)
    np.testing.assert_allclose(variance, 0.25 + 0.01, atol=0.005)


@pytest.mark.parametrize("prior", ["mixture", "gmvae"])
def test_a_component_that_is_moved_takes_these_cells(prior):
    model = build("rna", prior=prior, n_components=2, prior_expert=False)
    with torch.no_grad():
        means = torch.tensor([[0.0, 0.0], [50.0, 50.0]])
        model.prior.initialise(means, torch.full((2, 2), 0.5), torch.tensor([0.999, 0.001]))
    mean = np.random.default_rng(0).normal(0, 0.1, (200, 2)).astype(np.float32)
    mean[:90] += [6, 0]
    cells = Latent(mean, np.full_like(mean, 0.2), divergence=np.square(mean).sum(axis=1))
    reseed.reseed(model, 1, cells)
    np.testing.assert_allclose(model.prior.component_means[1].detach(), [6, 0], atol=0.1)
    shares = model.prior.responsibilities(torch.from_numpy(mean))[:, 1].detach()
    assert (shares[:90] > 0.9).all()
    assert (shares[90:] < 0.1).all()


def test_dead_components_are_moved_until_the_warm_ups_are_over(data, monkeypatch):
    moved = []
    monkeypatch.setattr(loop, "reseed", lambda _, component, __: moved.append(component))
    settings = {"hyper": MIXTURE, "max_epochs": 8}
    warm = {name: Schedule("linear", epochs=6) for name in LONG}
    _, _, result = train(data, schedules=warm, reseed_epochs=2, **settings)
    counts = [row["reseeded"] for row in result.history]
    assert set(counts) == {0, 1}
    assert counts[0] == counts[5] == counts[6] == counts[7] == 0
    assert sum(counts) == len(moved)
    moved.clear()
    _, _, result = train(data, schedules=warm, **settings)
    assert not moved
    assert "reseeded" not in result.history[0]


def test_a_training_resumes_between_the_epochs_that_a_component_is_dead(data, tmp_path):
    settings = {"checkpoint_dir": str(tmp_path), "checkpoint_minutes": 0.0}
    changes = {"hyper": MIXTURE, "schedules": LONG, "reseed_epochs": 3}
    whole, _, expected = train(data, max_epochs=6, **changes)
    assert [row["reseeded"] for row in expected.history[:2]] == [0, 0]
    assert expected.history[2]["reseeded"]
    train(data, max_epochs=2, settings=settings, **changes)
    both, _, found = train(data, max_epochs=6, settings=settings, **changes)
    assert found.history == expected.history
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, both.state_dict()[name])
