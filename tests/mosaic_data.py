"""Five simulated samples of one tissue: three paired ones, one of RNA alone, one of ATAC alone.

The paired ones spell their barcodes differently on the two sides: ``BC-1`` and ``BC-1`` (A),
``sampleB_BC`` and ``BC-1`` (B), ``BC-1_sampleC`` and ``BC-1`` (C).
"""

from pathlib import Path

import numpy as np
import pandas as pd
from multiome2vec.io.atomic import write_tsv
from multiome2vec.keys import BARCODE, CELL, SAMPLE, cell_id
from multiome2vec.simulate import Dataset, Design, simulate_dataset
from multiome2vec.simulate.atac import Fragments
from multiome2vec.simulate.write import (
    write_10x_h5,
    write_bed,
    write_fasta,
    write_fragments,
    write_gtf,
)

#: sample -> simulated sample, part of its barcodes, RNA and ATAC spelling (None: not measured)
PARTS = {
    "A": ("s1", 0, "{}-1", "{}-1"),
    "B": ("s1", 1, "sampleB_{}", "{}-1"),
    "C": ("s2", 0, "{}-1_sampleC", "{}-1"),
    "R": ("s2", 1, "{}-1", None),
    "T": ("s2", 2, None, "{}-1"),
}
TRANSFORM = {"B": "strip-prefix+add-suffix", "C": "strip-tail"}
N_PARTS = {"s1": 2, "s2": 3}
#: RNA has two replicates of each condition, ATAC one of `treated`
CONDITION = {"A": "control", "B": "treated", "C": "control", "R": "treated", "T": "control"}
COLUMNS = ["sample", "rna", "rna_kind", "fragments", "barcode_transform", "donor", "condition"]


def write_mosaic(folder: Path, design: Design, *, seed: int, fasta: bool = True) -> None:
    """Write the files of all samples, ``samples.tsv``, the reference and ``truth.tsv``."""
    folder.mkdir(parents=True, exist_ok=True)
    data = simulate_dataset(design, seed=seed)
    if fasta:
        write_fasta(data.sequence, folder / "genome.fa")
    write_gtf(data.genes, folder / "genes.gtf.gz")
    write_bed(data.blacklist, folder / "blacklist.bed")
    lengths = {name: len(bases) for name, bases in data.sequence.items()}
    pd.Series(lengths).to_csv(folder / "chrom.sizes", sep="\t", header=False)
    parts = [_write_part(folder, data, name) for name in PARTS]
    write_tsv(pd.concat([truth for truth, _ in parts]).set_index(CELL), folder / "truth.tsv")
    rows = pd.DataFrame([row for _, row in parts], columns=COLUMNS)
    rows.to_csv(folder / "samples.tsv", sep="\t", index=False)


def _write_part(folder: Path, data: Dataset, name: str) -> tuple[pd.DataFrame, dict[str, str]]:
    """Write one sample; return the truth of its barcodes and its row of the sheet."""
    source, part, rna, atac = PARTS[name]
    of_source = np.flatnonzero((data.cells[SAMPLE] == source).to_numpy())
    mine = np.arange(part, len(of_source), N_PARTS[source])
    rows = of_source[mine]
    bare = data.cells[BARCODE].iloc[rows].str.removesuffix("-1")
    row = {"sample": name, "barcode_transform": TRANSFORM.get(name, "")}
    row |= {"donor": f"d{name}", "condition": CONDITION[name]}
    if rna:
        row |= {"rna": str(folder / f"{name}.h5"), "rna_kind": "10x_h5"}
        barcodes = [rna.format(code) for code in bare]
        no_peaks = data.peaks.iloc[:0]
        write_10x_h5(
            data.counts[rows], barcodes=barcodes, genes=data.genes, peaks=no_peaks, path=row["rna"]
        )
    if atac:
        row["fragments"] = str(folder / f"{name}.fragments.tsv.gz")
        write_fragments(
            _fragments_of(data.fragments[source], mine),
            sample=name,
            barcodes=[atac.format(code) for code in bare],
            path=row["fragments"],
            index=f"{row['fragments']}.tbi",
        )
    names = [(rna or atac).format(code) for code in bare]
    truth = data.cells.iloc[rows].assign(**{SAMPLE: name, BARCODE: names})
    truth[CELL] = [cell_id(name, code) for code in names]
    return truth, row


def _fragments_of(fragments: Fragments, droplets: np.ndarray) -> Fragments:
    """Fragments of some droplets, which are numbered anew."""
    number = np.full(fragments.droplet.max() + 1, -1)
    there = droplets[droplets < len(number)]
    number[there] = np.flatnonzero(np.isin(droplets, there))
    droplet = number[fragments.droplet]
    kept = droplet >= 0
    columns = (fragments.chrom, fragments.start, fragments.end, fragments.count)
    chrom, start, end, count = (column[kept] for column in columns)
    return Fragments(chrom=chrom, start=start, end=end, droplet=droplet[kept], count=count)
