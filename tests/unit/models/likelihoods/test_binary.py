import numpy as np
import pytest
import torch
from multiome2vec.models.likelihoods import LIKELIHOODS
from multiome2vec.models.transforms import FeatureStatistics
from scipy import stats


def fitted():
    head = LIKELIHOODS["bernoulli"](3)
    total = np.array([8.0, 40.0, 90.0])
    n_open = np.array([0.0, 10.0, 19.0])
    head.fit(FeatureStatistics(19, total, total / 19, np.ones(3), n_open=n_open))
    return head


def test_starts_at_the_shares_of_cells_in_which_a_feature_is_open():
    found = fitted().mean(torch.zeros(1, 3), torch.ones(1, 1)).detach()[0]
    np.testing.assert_allclose(found, [0.5 / 20, 10.5 / 20, 19.5 / 20], rtol=1e-5)


def test_agrees_with_scipy_and_counts_are_open_or_not():
    head, logits = fitted(), torch.tensor([[0.3, -2.0, 1.0], [4.0, 0.0, -9.0]])
    x = torch.tensor([[0.0, 3.0, 1.0], [1.0, 0.0, 2.0]])
    ours = head.log_prob(x, logits, torch.ones(2, 1)).detach()
    odds = (logits + head.log_odds.detach()).double()
    oracle = stats.bernoulli.logpmf(x > 0, torch.sigmoid(odds))
    np.testing.assert_allclose(ours, oracle, rtol=1e-5, atol=1e-6)


def test_statistics_without_open_cells_are_refused():
    with pytest.raises(ValueError, match="n_open"):
        LIKELIHOODS["bernoulli"](1).fit(FeatureStatistics(1, np.ones(1), np.ones(1), np.ones(1)))
