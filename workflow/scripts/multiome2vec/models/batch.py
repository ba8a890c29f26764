"""Cells as a model gets them."""

from dataclasses import dataclass

from torch import Tensor

from multiome2vec.nn.sparse_rows import SparseRows, library_of


@dataclass(frozen=True)
class Batch:
    """Some cells, ready for a model.

    Attributes
    ----------
    values
        By modality, [B, F]: dense or sparse; rows of cells without the modality are 0.
    defined
        By modality, [B, F], 1 where a value is defined; modalities without an entry are defined
        everywhere.
    present
        [B, M], whether a cell has the model's m-th modality.
    covariate
        [B, C], one-hot batch; C may be 0.
    donors
        [B] int64, donor of each cell, -1 where it has none; None if they are of no use.
    """

    values: dict[str, Tensor | SparseRows]
    defined: dict[str, Tensor]
    present: Tensor
    covariate: Tensor
    donors: Tensor | None = None

    def __len__(self) -> int:
        return len(self.present)

    def part(self, name: str, cells: Tensor) -> "Batch":
        """Return one modality of the cells that are true in ``cells`` [B]."""
        x, defined = self.values[name], {}
        if name in self.defined:
            defined[name] = self.defined[name][cells]
        x = x.select(cells) if isinstance(x, SparseRows) else x[cells]
        return Batch({name: x}, defined, self.present[cells], self.covariate[cells])

    def library(self, name: str) -> Tensor:
        """Sum of a modality's values in each cell [B, 1], at least 1."""
        return library_of(self.values[name])
