"""What all likelihoods share."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from multiome2vec.models.transforms import FeatureStatistics
from multiome2vec.nn.sparse_rows import SparseRows, densify


class Likelihood(nn.Module, ABC):
    """Distribution of values [B, F] given the decoder's outputs. All of it in float32.

    The decoder's ``outputs`` [B, n_heads · F] hold its heads side by side; ``library`` [B, 1] is
    the sum of each cell's modelled counts, which heads that are not of counts ignore.

    Attributes
    ----------
    n_heads
        Outputs of the decoder per feature.
    has_offset
        Whether the likelihood has a level of its own for every output, so that the decoder's last
        layer needs no bias.
    """

    n_heads: int = 1
    has_offset: bool = False

    @abstractmethod
    def fit(self, statistics: FeatureStatistics) -> None:
        """Take the start of the parameters from the training cells."""

    @abstractmethod
    def distribution(self, outputs: Tensor, library: Tensor) -> tuple[Tensor, ...]:
        """Parameters of the distribution, each [B, F] or, shared by the cells, [F]."""

    @abstractmethod
    def log_prob(self, target: Tensor, outputs: Tensor, library: Tensor) -> Tensor:
        """Log-probability (or log-density) of each value [B, F]."""

    @abstractmethod
    def mean(self, outputs: Tensor, library: Tensor) -> Tensor:
        """Return expected values [B, F]."""

    @abstractmethod
    def draw(self, distribution: tuple[Tensor, ...], generator: torch.Generator) -> Tensor:
        """Draw values [B, F] from what :meth:`distribution` gives, on the generator's device."""

    @torch.no_grad()
    def sample(self, outputs: Tensor, library: Tensor, generator: torch.Generator) -> Tensor:
        """Draw values [B, F]; equal generators draw the same wherever the outputs are."""
        distribution = self.distribution(outputs, library)
        drawn = self.draw(tuple(part.to(generator.device) for part in distribution), generator)
        return drawn.to(outputs.device)

    def log_likelihood(
        self,
        target: Tensor | SparseRows,
        outputs: Tensor,
        library: Tensor,
        defined: Tensor | None = None,
    ) -> Tensor:
        """Log-probability of each cell [B], the sum over its features.

        Parameters
        ----------
        target
            Values [B, F].
        defined
            [B, F], 0 where a value is not defined: such values do not count, whatever they are.
        """
        if defined is None:
            return self.log_prob(densify(target), outputs, library).sum(dim=1)
        values = torch.where(defined > 0, densify(target), 0)
        log_prob = self.log_prob(values, outputs, library)
        return torch.where(defined > 0, log_prob, 0).sum(dim=1)


class SeparableLikelihood(Likelihood):
    """Independent counts, of which a sparse target needs little more than its entries.

    Σ_j log p(x_j) = Σ_j log p(0) + Σ_{x_j > 0} [log p(x_j) − log p(0)]: the first sum runs over all
    features but is free of x; the second, the excess, has the costly terms but few entries.
    """

    @staticmethod
    @abstractmethod
    def log_zero(*distribution: Tensor) -> Tensor:
        """Return log p(0) [B, F]."""

    @staticmethod
    @abstractmethod
    def excess(target: Tensor, *distribution: Tensor) -> Tensor:
        """Return log p(x) − log p(0) of values x > 0; finite at 0. All tensors broadcast."""

    def log_prob(self, target: Tensor, outputs: Tensor, library: Tensor) -> Tensor:
        """Log-probability of each count [B, F]."""
        distribution = self.distribution(outputs, library)
        excess = torch.where(target > 0, self.excess(target, *distribution), 0)
        return self.log_zero(*distribution) + excess

    def log_likelihood(
        self,
        target: Tensor | SparseRows,
        outputs: Tensor,
        library: Tensor,
        defined: Tensor | None = None,
    ) -> Tensor:
        """Log-probability of each cell [B]; see :meth:`Likelihood.log_likelihood`."""
        if defined is not None or not isinstance(target, SparseRows):
            return super().log_likelihood(target, outputs, library, defined)
        distribution = self.distribution(outputs, library)
        picked = [at_entries(target, part) for part in distribution]
        excess = torch.where(target.values > 0, self.excess(target.values, *picked), 0)
        return self.log_zero(*distribution).sum(dim=1) + target.row_sums(excess)


def at_entries(target: SparseRows, parameter: Tensor) -> Tensor:
    """Values [N] of a parameter, [B, F] or [F], at the entries of a target."""
    return parameter[target.columns] if parameter.dim() == 1 else target.pick(parameter)
