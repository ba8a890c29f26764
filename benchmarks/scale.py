"""Write a large simulated dataset (ready matrices, a genome): python benchmarks/scale.py FOLDER.

Then, for the time and memory of every rule from matrices to motif enrichment:

    snakemake --directory FOLDER --configfile FOLDER/scale.yaml --cores 2 topics motifs matrices
    python benchmarks/collect.py FOLDER/results/scale > benchmarks/scale.tsv

Ten types of cells, each with regions of its own over a shared background; no planted motifs.
"""

import argparse
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import yaml
from scipy import sparse

TYPES, GENES, CHROMOSOMES = 10, 2_000, 10
DEPTH, SPACING, WIDTH = 3_000, 1_000, 500  # draws per cell, bp between starts, bp


def counts(rng: np.random.Generator, chance: np.ndarray, kind: np.ndarray, depth: int):
    """Cells × features: ``depth`` draws on average per cell from the chances of its type."""
    cumulative = np.cumsum(chance, axis=1)
    cumulative /= cumulative[:, -1:]
    rows = []
    for one, n in zip(kind, rng.negative_binomial(5, 5 / (5 + depth), len(kind)), strict=True):
        rows.append(np.unique(np.searchsorted(cumulative[one], rng.random(n)), return_counts=True))
    indptr = np.cumsum([0, *(len(where) for where, _ in rows)])
    indices = np.concatenate([where for where, _ in rows]).astype(np.int32)
    data = np.concatenate([n for _, n in rows]).astype(np.int32)
    return sparse.csr_matrix((data, indices, indptr), (len(kind), chance.shape[1]))


def chances(rng: np.random.Generator, n: int) -> np.ndarray:
    """Types × features: a skewed background, a tenth of the features ten times up in each type."""
    shared = rng.gamma(0.5, size=n) + 0.01
    own = rng.random((TYPES, n)) < 0.1
    return shared * np.where(own, 10, 1)


def write_genome(folder: Path, rng: np.random.Generator, n_regions: int) -> list[tuple[str, int]]:
    """Write random chromosomes and start sites; return where the regions begin."""
    per_chromosome = -(-n_regions // CHROMOSOMES)
    places = []
    with open(folder / "genome.fa", "w") as file:
        for number in range(1, CHROMOSOMES + 1):
            bases = rng.choice(np.frombuffer(b"ACGT", np.uint8), (per_chromosome + 1) * SPACING)
            file.write(f">chr{number}\n{bases.tobytes().decode()}\n")
            places += [(f"chr{number}", SPACING * i + 200) for i in range(per_chromosome)]
    sites = rng.choice(len(places), GENES, replace=False)
    with open(folder / "tss.bed", "w") as file:
        for number, site in enumerate(sorted(sites)):
            chrom, start = places[site]
            file.write(f"{chrom}\t{start}\t{start + 1}\tG{number}\t0\t+\n")
    return places[:n_regions]


def write_sheet(folder: Path, n_samples: int) -> None:
    """Write the sample sheet; the samples are of two conditions by turns."""
    rows = [
        {
            "sample": f"s{i}", "rna": folder / f"rna.{i}.h5ad", "rna_kind": "h5ad",
            "rna_layer": "X", "atac": folder / f"atac.{i}.h5ad", "atac_kind": "h5ad",
            "atac_layer": "X", "counting": "paired-insertion", "labels": "obs:cell_type",
            "condition": "ab"[i % 2] if n_samples > 1 else "",
        }
        for i in range(n_samples)
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / "samples.tsv", sep="\t", index=False)


def write_dataset(folder: Path, *, n_cells: int, n_regions: int, n_samples: int, seed: int) -> None:
    """Write matrices, genome, sample sheet and configuration."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    kind = rng.integers(TYPES, size=n_cells)
    obs = pd.DataFrame({"cell_type": [f"T{one}" for one in kind]})
    obs.index = [f"C{i}" for i in range(n_cells)]
    places = write_genome(folder, rng, n_regions)
    regions = pd.DataFrame(index=[f"{chrom}:{at}-{at + WIDTH}" for chrom, at in places])
    genes = pd.DataFrame(index=[f"G{i}" for i in range(GENES)])
    for name, var, depth in (("atac", regions, DEPTH), ("rna", genes, 2 * GENES)):
        matrix = counts(rng, chances(rng, len(var)), kind, depth)
        for i in range(n_samples):
            mine = ad.AnnData(matrix[i::n_samples], obs=obs[i::n_samples], var=var)
            mine.write_h5ad(folder / f"{name}.{i}.h5ad")
    write_sheet(folder, n_samples)
    config = {
        "dataset": "scale",
        "datasets": {"scale": {"samples": str(folder / "samples.tsv"), "assembly": "random"}},
        "assemblies": {
            "random": {"fasta": str(folder / "genome.fa"), "tss": str(folder / "tss.bed")}
        },
        "qc": {"rna": {"mode": "none"}, "atac": {"mode": "none"}, "doublets": {"caller": "none"}},
        "peaks": {"source": "input"},
        "topics": {"grid": [16], "iterations": 10},  # time grows with them, memory does not
    }
    (folder / "scale.yaml").write_text(yaml.safe_dump(config))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cells", type=int, default=20_000)
    parser.add_argument("--regions", type=int, default=100_000)
    parser.add_argument("--samples", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    write_dataset(
        options.folder.absolute(),
        n_cells=options.cells, n_regions=options.regions, n_samples=options.samples,
        seed=options.seed,
    )  # fmt: skip
