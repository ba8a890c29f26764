import numpy as np
import pytest
import torch
from multiome2vec.models.likelihoods.coefficient import log_coefficient
from scipy import special

COUNTS = np.array([0.0, 1, 2, 3, 7, 30, 200, 3000])


@pytest.mark.parametrize("theta", [1e-3, 0.03, 0.4, 1.0, 3.7, 20.0, 300.0])
def test_agrees_with_scipy(theta):
    ours = log_coefficient(torch.tensor(COUNTS).float(), torch.tensor(theta))
    oracle = special.gammaln(COUNTS + theta) - special.gammaln(theta)
    np.testing.assert_allclose(ours, oracle - special.gammaln(COUNTS + 1), rtol=1e-6, atol=2e-5)


@pytest.mark.parametrize("theta", [1e-3, 0.4, 3.7, 300.0, 1e6])
def test_gradient_is_a_difference_of_digammas(theta):
    value = torch.full((len(COUNTS),), theta, requires_grad=True)
    log_coefficient(torch.tensor(COUNTS).float(), value).sum().backward()
    oracle = special.digamma(COUNTS + theta) - special.digamma(theta)
    np.testing.assert_allclose(value.grad, oracle, rtol=1e-5, atol=1e-6)


def test_large_dispersions_keep_their_digits():
    """Single-precision log-gammas of 1e6 are whole numbers; the coefficient of x = 1 is log θ."""
    x, theta = torch.tensor(1.0), torch.tensor(1e6)
    assert float(log_coefficient(x, theta)) == pytest.approx(np.log(1e6), abs=1e-5)
    naive = torch.lgamma(x + theta) - torch.lgamma(theta)
    assert abs(float(naive) - np.log(1e6)) > 0.1


def test_gradients_of_shared_dispersions_are_summed():
    x = torch.tensor([[1.0, 2.0], [3.0, 0.0]])
    theta = torch.tensor([0.5, 2.0], requires_grad=True)
    log_coefficient(x, theta).sum().backward()
    oracle = special.digamma(x.numpy() + [0.5, 2.0]) - special.digamma([0.5, 2.0])
    np.testing.assert_allclose(theta.grad, oracle.sum(axis=0), rtol=1e-5)
