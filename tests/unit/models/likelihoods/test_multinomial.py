import itertools

import numpy as np
import torch
from multiome2vec.models.likelihoods import LIKELIHOODS
from multiome2vec.models.transforms import FeatureStatistics
from scipy import special, stats

LOGITS = torch.tensor([[0.3, -1.0, 0.8]])


def fitted(name="multinomial"):
    head = LIKELIHOODS[name](3)
    total = np.array([9.0, 29.0, 59.0])
    head.fit(FeatureStatistics(10, total, total / 10, np.ones(3)))
    return head


def shares():
    return special.softmax(LOGITS[0].double().numpy() + np.log([0.1, 0.3, 0.6]))


def test_agrees_with_scipy():
    rng = np.random.default_rng(0)
    x = rng.multinomial(25, [0.2, 0.3, 0.5], size=7)
    ours = fitted().log_likelihood(
        torch.as_tensor(x).float(), LOGITS.expand(7, -1), torch.full((7, 1), 25.0)
    )
    np.testing.assert_allclose(ours.detach(), stats.multinomial.logpmf(x, 25, shares()), 1e-5)


def test_probabilities_of_all_counts_sum_to_one():
    n = 6
    rows = [c for c in itertools.product(range(n + 1), repeat=3) if sum(c) == n]
    x = torch.tensor(rows).float()
    arguments = LOGITS.expand(len(x), -1), torch.full((len(x), 1), float(n))
    p = fitted().log_likelihood(x, *arguments).exp()
    np.testing.assert_allclose(p.sum().detach(), 1, rtol=1e-5)


def test_one_draw_is_categorical():
    head, one = fitted("categorical"), torch.ones(3, 1)
    ours = head.log_likelihood(torch.eye(3), LOGITS.expand(3, -1), one)
    np.testing.assert_allclose(ours.detach(), np.log(shares()), rtol=1e-5)
    drawn = head.sample(LOGITS.expand(3, -1), one, torch.Generator().manual_seed(0))
    assert drawn.sum(dim=1).tolist() == [1, 1, 1]


def test_samples_have_the_library_as_sum():
    library = torch.tensor([[3.0], [250.0]])
    drawn = fitted().sample(LOGITS.expand(2, -1), library, torch.Generator().manual_seed(0))
    torch.testing.assert_close(drawn.sum(dim=1, keepdim=True), library)
