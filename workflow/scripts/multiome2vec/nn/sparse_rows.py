"""Rows of a sparse matrix as tensors."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class SparseRows:
    """Rows of a sparse matrix, in the order of their entries (CSR), on one device.

    Attributes
    ----------
    offsets
        [B + 1] int64; row i has the entries ``offsets[i]`` to ``offsets[i + 1]``.
    rows, columns
        [N] int64, of each entry.
    values
        [N] float32.
    n_columns
        Width F of the matrix.
    """

    offsets: Tensor
    rows: Tensor
    columns: Tensor
    values: Tensor
    n_columns: int

    @classmethod
    def from_csr(
        cls, offsets: Tensor, columns: Tensor, values: Tensor, *, n_columns: int
    ) -> "SparseRows":
        """Build from the three arrays of a CSR matrix."""
        n_rows = len(offsets) - 1
        rows = torch.repeat_interleave(
            torch.arange(n_rows, device=offsets.device),
            offsets.diff(),
            output_size=len(columns),
        )
        return cls(offsets, rows, columns, values, n_columns)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.offsets) - 1, self.n_columns

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def to(self, device: torch.device, *, non_blocking: bool = False) -> "SparseRows":
        """Return the same on another device."""
        parts = (self.offsets, self.rows, self.columns, self.values)
        return SparseRows(
            *(part.to(device, non_blocking=non_blocking) for part in parts), self.n_columns
        )

    def with_values(self, values: Tensor) -> "SparseRows":
        """Return the same entries with other values [N]."""
        return replace(self, values=values)

    def select(self, rows: Tensor) -> "SparseRows":
        """Return the rows that are true in ``rows`` [B]."""
        kept, number = rows[self.rows], rows.cumsum(0) - 1
        offsets = functional.pad(self.offsets.diff()[rows].cumsum(0), (1, 0))
        return SparseRows(
            offsets,
            number[self.rows[kept]],
            self.columns[kept],
            self.values[kept],
            self.n_columns,
        )

    def row_sums(self, values: Tensor | None = None) -> Tensor:
        """Sum of each row [B], of other ``values`` [N] of the same entries if given."""
        values = self.values if values is None else values
        return values.new_zeros(len(self)).index_add(0, self.rows, values)

    def pick(self, dense: Tensor) -> Tensor:
        """Elements [N] of a dense [B, F] at the entries."""
        return dense.flatten()[self.rows * self.n_columns + self.columns]

    def dense(self) -> Tensor:
        """All values [B, F]."""
        out = self.values.new_zeros(len(self) * self.n_columns)
        out[self.rows * self.n_columns + self.columns] = self.values
        return out.view(len(self), self.n_columns)


def library_of(values: Tensor | SparseRows) -> Tensor:
    """Sum of each row [B, 1], at least 1."""
    total = values.row_sums() if isinstance(values, SparseRows) else values.sum(dim=1)
    return total.clamp(min=1).unsqueeze(1)


def densify(values: Tensor | SparseRows) -> Tensor:
    """Return values [B, F] as a dense tensor."""
    return values.dense() if isinstance(values, SparseRows) else values
