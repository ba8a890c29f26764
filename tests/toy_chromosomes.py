"""A table of chromosomes as rule `chromosomes` writes it, for tests of the steps that read it."""

from pathlib import Path

import pandas as pd
from multiome2vec.io.chromosomes import KIND, kinds_of


def write_chromosomes(path: Path, **sizes: int) -> str:
    """Write ``chromosomes.tsv`` of chromosomes with the usual names, none of whose bases is N."""
    lengths = pd.Series(sizes)
    kinds = kinds_of(lengths, pattern=None, mitochondrion=None)
    table = pd.DataFrame({"size": lengths, "known": lengths, KIND: kinds})
    table.to_csv(path, sep="\t", index_label="chrom")
    return str(path)
