"""Likelihoods of a modality's values given the decoder's outputs, by name."""

from multiome2vec.models.likelihoods.base import Likelihood
from multiome2vec.models.likelihoods.binary import Bernoulli
from multiome2vec.models.likelihoods.continuous import Gaussian, GaussianUnit, LogNormal
from multiome2vec.models.likelihoods.counts import (
    CellNegativeBinomial,
    NegativeBinomial,
    NegativeBinomialTotalCount,
    Poisson,
)
from multiome2vec.models.likelihoods.multinomial import Multinomial
from multiome2vec.models.likelihoods.zero_inflated import (
    ZeroInflatedNegativeBinomial,
    ZeroInflatedPoisson,
)

LIKELIHOODS: dict[str, type[Likelihood]] = {
    "bernoulli": Bernoulli,
    "categorical": Multinomial,  # one draw: a one-hot row, whose library is 1
    "gaussian": Gaussian,
    "gaussian-unit": GaussianUnit,
    "log-normal": LogNormal,
    "multinomial": Multinomial,
    "negative-binomial": NegativeBinomial,
    "negative-binomial-cell": CellNegativeBinomial,
    "negative-binomial-total-count": NegativeBinomialTotalCount,
    "poisson": Poisson,
    "zero-inflated-negative-binomial": ZeroInflatedNegativeBinomial,
    "zero-inflated-poisson": ZeroInflatedPoisson,
}
