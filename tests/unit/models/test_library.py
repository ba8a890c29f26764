import pytest
import torch
from multiome2vec.errors import UserError
from multiome2vec.models.gaussian import Posterior
from multiome2vec.models.library import LatentLibrary


@pytest.fixture
def library():
    torch.manual_seed(0)
    latent = LatentLibrary(7)
    latent.fit(8.2, 0.6)
    return latent


def test_kl_agrees_with_torch(library):
    posterior = Posterior(8 + torch.randn(50, 1), torch.randn(50, 1) - 1)
    q = torch.distributions.Normal(posterior.mean, (0.5 * posterior.log_variance).exp())
    oracle = torch.distributions.kl_divergence(q, torch.distributions.Normal(8.2, 0.6)).squeeze(1)
    torch.testing.assert_close(library.kl(posterior), oracle, rtol=1e-5, atol=1e-5)


def test_encoder_that_says_nothing_gives_the_prior(library):
    for parameter in library.parameters():
        parameter.data.zero_()
    posterior = library(torch.randn(4, 7))
    assert posterior.mean.shape == posterior.log_variance.shape == (4, 1)
    torch.testing.assert_close(posterior.mean, torch.full((4, 1), 8.2))
    torch.testing.assert_close((0.5 * posterior.log_variance).exp(), torch.full((4, 1), 0.6))
    torch.testing.assert_close(library.kl(posterior), torch.zeros(4), rtol=0, atol=1e-6)


def test_fitting_recovers_the_libraries_of_cells(library):
    """Gradients reach the encoder: the posterior moves to where the evidence is."""
    hidden = torch.randn(40, 7)
    truth = 8.2 + 0.6 * hidden[:, :1]
    optimiser = torch.optim.Adam(library.parameters(), lr=0.05)
    for _ in range(200):
        posterior = library(hidden)
        loss = (50 * (posterior.mean - truth) ** 2).mean() + library.kl(posterior).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert float((library(hidden).mean - truth).abs().max().detach()) < 0.1


@pytest.mark.parametrize(("mean", "sd"), [(8.0, 0.0), (float("-inf"), 1.0), (8.0, float("nan"))])
def test_libraries_that_do_not_differ_are_refused(mean, sd):
    with pytest.raises(UserError, match="Use the observed library"):
        LatentLibrary(3).fit(mean, sd)
