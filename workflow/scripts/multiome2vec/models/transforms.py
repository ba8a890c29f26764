"""What an encoder sees of raw values. Statistics come from the training cells and are buffers."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

SCALE = 1e4  # counts are expressed per this many counts of the cell
CLIP = 10.0  # standardised inputs lie within ± this


@dataclass(frozen=True)
class FeatureStatistics:
    """Statistics of the features over the training cells that have the modality.

    Attributes
    ----------
    n_cells
        Number of these cells.
    total
        Sum of each feature [F].
    mean, sd
        Of each feature over its defined entries [F]; sd is 1 where a feature does not vary.
    """

    n_cells: int
    total: np.ndarray
    mean: np.ndarray
    sd: np.ndarray

    @classmethod
    def from_sums(
        cls, n_cells: int, *, count: np.ndarray, total: np.ndarray, square: np.ndarray
    ) -> "FeatureStatistics":
        """Compute from the number of defined entries, the sum and the sum of squares [F]."""
        mean = total / np.maximum(count, 1)
        variance = np.maximum(square / np.maximum(count, 1) - mean**2, 0)
        return cls(n_cells, total, mean, np.where(variance > 1e-12, np.sqrt(variance), 1.0))


class Identity(nn.Module):
    """Values as they are."""

    def __init__(self, n_features: int) -> None:
        super().__init__()

    def fit(self, statistics: FeatureStatistics) -> None:
        """Nothing is taken from the data."""

    def forward(self, x: Tensor, library: Tensor) -> Tensor:
        """Return values [B, F] as they are; the library is not used."""
        return x


class LogLibrary(nn.Module):
    """log1p(1e4 · x / library)."""

    def __init__(self, n_features: int) -> None:
        super().__init__()

    def fit(self, statistics: FeatureStatistics) -> None:
        """Nothing is taken from the data."""

    def forward(self, x: Tensor, library: Tensor) -> Tensor:
        """Take counts [B, F] and their sums [B, 1] to [B, F]."""
        return torch.log1p(SCALE * x / library)


class TfIdf(nn.Module):
    """log1p(1e4 · x / library · N / n_j), the first variant of Signac's TF-IDF.

    N is the number of training cells and n_j the sum of feature j over them.
    """

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.register_buffer("inverse_frequency", torch.ones(n_features))

    def fit(self, statistics: FeatureStatistics) -> None:
        """Take N / n_j from the training cells; a feature never seen counts as seen once."""
        idf = statistics.n_cells / np.maximum(statistics.total, 1)
        self.inverse_frequency.copy_(torch.as_tensor(idf))

    def forward(self, x: Tensor, library: Tensor) -> Tensor:
        """Take counts [B, F] and their sums [B, 1] to [B, F]."""
        return torch.log1p(SCALE * x / library * self.inverse_frequency)


class Standardise(nn.Module):
    """(x − mean) / sd by the statistics of the training cells, clipped to ±10."""

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("sd", torch.ones(n_features))

    def fit(self, statistics: FeatureStatistics) -> None:
        """Take means and standard deviations."""
        self.mean.copy_(torch.as_tensor(statistics.mean))
        self.sd.copy_(torch.as_tensor(statistics.sd))

    def forward(self, x: Tensor) -> Tensor:
        """[B, F] to [B, F]."""
        return ((x - self.mean) / self.sd).clamp(-CLIP, CLIP)


TRANSFORMS = {"identity": Identity, "log_library": LogLibrary, "tfidf": TfIdf}
