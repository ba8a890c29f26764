"""What an encoder sees of raw values. Statistics come from the training cells and are buffers.

Transforms take values [B, F], dense or sparse, and the cells' library [B, 1], and return the same
kind; those of counts leave zeros at zero, so that only the entries of sparse rows are computed.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from multiome2vec.nn.sparse_rows import SparseRows

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
    n_open
        Number of cells in which each feature is above 0 [F]; only of raw values.
    median_library
        Median over the cells of the sum of their features; only of raw values.
    log_library
        Mean and standard deviation over the cells of the logarithm of this sum; only of raw values.
    """

    n_cells: int
    total: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    n_open: np.ndarray | None = None
    median_library: float | None = None
    log_library: tuple[float, float] | None = None

    @classmethod
    def from_sums(
        cls,
        n_cells: int,
        *,
        count: np.ndarray,
        total: np.ndarray,
        square: np.ndarray,
        n_open: np.ndarray | None = None,
        median_library: float | None = None,
        log_library: tuple[float, float] | None = None,
    ) -> "FeatureStatistics":
        """Compute from the number of defined entries, the sum and the sum of squares [F]."""
        mean = total / np.maximum(count, 1)
        variance = np.maximum(square / np.maximum(count, 1) - mean**2, 0)
        sd = np.where(variance > 1e-12, np.sqrt(variance), 1.0)
        return cls(n_cells, total, mean, sd, n_open, median_library, log_library)

    def given(self, name: str) -> np.ndarray | float | tuple[float, float]:
        """Return a statistic that not all have.

        Raises
        ------
        ValueError
            If it was not computed.
        """
        value = getattr(self, name)
        if value is None:
            raise ValueError(
                f"The statistics of the training cells lack '{name}', which this transform or "
                "likelihood starts from. Compute it with the others from the raw values."
            )
        return value


class Transform(nn.Module, ABC):
    """Function of each value, its cell's library and a weight of its feature (1 by default).

    Parameters
    ----------
    n_features
        F.
    """

    def __init__(self, n_features: int) -> None:
        super().__init__()

    def fit(self, statistics: FeatureStatistics) -> None:
        """Nothing is taken from the data."""

    @abstractmethod
    def apply_to(self, x: Tensor, library: Tensor, features: Tensor | slice) -> Tensor:
        """Transform values; ``library`` broadcasts with them, ``features`` are their columns."""

    def forward(self, x: Tensor | SparseRows, library: Tensor) -> Tensor | SparseRows:
        """Take values [B, F] and their sums [B, 1] to [B, F], of sparse rows the entries only."""
        if isinstance(x, SparseRows):
            return x.with_values(self.apply_to(x.values, library.squeeze(1)[x.rows], x.columns))
        return self.apply_to(x, library, slice(None))


class Identity(Transform):
    """Values as they are; the library is not used."""

    def apply_to(self, x: Tensor, library: Tensor, features: Tensor | slice) -> Tensor:
        """Return ``x``."""
        return x


class Binary(Transform):
    """1 where a value is above 0; the library is not used."""

    def apply_to(self, x: Tensor, library: Tensor, features: Tensor | slice) -> Tensor:
        """Return [x > 0]."""
        return (x > 0).to(x.dtype)


class Log1p(Transform):
    """log1p(x); the library is not used."""

    def apply_to(self, x: Tensor, library: Tensor, features: Tensor | slice) -> Tensor:
        """Return log1p(x)."""
        return torch.log1p(x)


class LogLibrary(Transform):
    """log1p(1e4 · x / library)."""

    def apply_to(self, x: Tensor, library: Tensor, features: Tensor | slice) -> Tensor:
        """Return log1p(1e4 · x / library)."""
        return torch.log1p(SCALE * x / library)


class CountsPerScale(Transform):
    """x / library · median library of the training cells."""

    def __init__(self, n_features: int) -> None:
        super().__init__(n_features)
        self.register_buffer("scale", torch.ones(()))

    def fit(self, statistics: FeatureStatistics) -> None:
        """Take the median library (a median over features would be 0 for sparse counts)."""
        self.scale.fill_(statistics.given("median_library"))

    def apply_to(self, x: Tensor, library: Tensor, features: Tensor | slice) -> Tensor:
        """Return scale · x / library."""
        return self.scale * x / library


class Log1pCountsPerScale(CountsPerScale):
    """log1p of the counts per scale: first the library, then the logarithm."""

    def apply_to(self, x: Tensor, library: Tensor, features: Tensor | slice) -> Tensor:
        """Return log1p(scale · x / library)."""
        return torch.log1p(super().apply_to(x, library, features))


class TfIdf(Transform):
    """log1p(1e4 · x / library · N / n_j), the first variant of Signac's TF-IDF.

    N is the number of training cells and n_j the sum of feature j over them. The logarithm is
    part of variants 1 and 3: their values are not to be logged again.
    """

    def __init__(self, n_features: int) -> None:
        super().__init__(n_features)
        self.register_buffer("inverse_frequency", torch.ones(n_features))

    def fit(self, statistics: FeatureStatistics) -> None:
        """Take N / n_j from the training cells; a feature never seen counts as seen once."""
        idf = statistics.n_cells / np.maximum(statistics.total, 1)
        self.inverse_frequency.copy_(torch.as_tensor(idf))

    def apply_to(self, x: Tensor, library: Tensor, features: Tensor | slice) -> Tensor:
        """Return log1p(1e4 · x / library · N / n_j)."""
        return torch.log1p(SCALE * x / library * self.inverse_frequency[features])


class LogIdf(TfIdf):
    """x / library · log(1 + N / n_j), the second variant of Signac's TF-IDF."""

    def apply_to(self, x: Tensor, library: Tensor, features: Tensor | slice) -> Tensor:
        """Return x / library · log(1 + N / n_j)."""
        return x / library * torch.log1p(self.inverse_frequency[features])


class LogTfLogIdf(TfIdf):
    """log1p(1e4 · x / library) · log(1 + N / n_j), the third variant of Signac's TF-IDF."""

    def apply_to(self, x: Tensor, library: Tensor, features: Tensor | slice) -> Tensor:
        """Return log1p(1e4 · x / library) · log(1 + N / n_j)."""
        return torch.log1p(SCALE * x / library) * torch.log1p(self.inverse_frequency[features])


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


TRANSFORMS: dict[str, type[Transform]] = {
    "binary": Binary,
    "cps": CountsPerScale,
    "identity": Identity,
    "log-library": LogLibrary,
    "log1p": Log1p,
    "log1p-cps": Log1pCountsPerScale,
    "tfidf-1": TfIdf,
    "tfidf-2": LogIdf,
    "tfidf-3": LogTfLogIdf,
}
