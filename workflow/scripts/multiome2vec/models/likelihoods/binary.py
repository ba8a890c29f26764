"""Whether a feature is there at all."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from multiome2vec.models.likelihoods.base import SeparableLikelihood
from multiome2vec.models.transforms import FeatureStatistics


class Bernoulli(SeparableLikelihood):
    """Features that are open (any value above 0) with probability σ(logit + b_j).

    log p = [x > 0] · logit − softplus(logit); the library is not used.
    """

    has_offset = True

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.log_odds = nn.Parameter(torch.zeros(n_features))

    def fit(self, statistics: FeatureStatistics) -> None:
        """Start b_j at the log-odds of the training cells, half a cell added to either side."""
        n_open = statistics.given("n_open")
        start = np.log(n_open + 0.5) - np.log(statistics.n_cells - n_open + 0.5)
        self.log_odds.data.copy_(torch.as_tensor(start))

    def distribution(self, outputs: Tensor, library: Tensor) -> tuple[Tensor]:
        """Log-odds [B, F]."""
        return (outputs.float() + self.log_odds,)

    def mean(self, outputs: Tensor, library: Tensor) -> Tensor:
        """Return probabilities of being open [B, F]."""
        return torch.sigmoid(*self.distribution(outputs, library))

    @staticmethod
    def log_zero(logit: Tensor) -> Tensor:
        """Return −softplus(logit)."""
        return -functional.softplus(logit)

    @staticmethod
    def excess(target: Tensor, logit: Tensor) -> Tensor:
        """Return the logit, whatever the value."""
        return logit

    def draw(self, distribution: tuple[Tensor, ...], generator: torch.Generator) -> Tensor:
        """Draw zeros and ones [B, F]."""
        return torch.bernoulli(torch.sigmoid(distribution[0]), generator=generator)
