"""The sizes of a dataset that memory and time depend on.

Measured in what earlier steps have written, expected from the delivered files and the settings
where they have not.
"""

import csv
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from multiome2vec import keys
from multiome2vec.costs.stored import (
    ENTRIES_PER_CELL,
    NOTHING,
    bytes_of,
    count_fragments,
    count_matrix,
)
from multiome2vec.presets import configure

#: what a size is, by its name in ``workflow/resources.tsv``
MEASURES = {
    "cells": "cells (of a sample: barcodes)",
    "fragments": "ATAC fragments",
    "rna": "stored entries of cells × genes",
    "atac": "stored entries of cells × regions",
    "genes": "genes",
    "regions": "consensus regions",
    "motifs": "motifs of the collection",
    "bases": "bases of the genome",
    "database": "entries of given motif databases",
    "fitted": "stored entries of the cells that topics are fitted to",
    "iterations": "iterations of a topic model",
    "topics": "topics of the model, or of the largest one",
    "kind": "stored entries of the modality that the job is about",
    "kind_features": "its features",
    "features": "features that models see",
    "epochs": "epochs of a training",
}
FRAGMENTS_PER_CELL = 20_000
MANY = 200_000  # barcodes of a sample, beyond which most are empty droplets
IN_REGIONS = 0.45  # entries of cells × regions per fragment (benchmarks: .07 to .43)
FRAGMENTS_PER_REGION, BASES_PER_REGION, MOST_REGIONS = 300, 2_000, 300_000  # found by a peak caller
DATABASE_BYTES = 4  # of an entry of a motif database
#: cost of an epoch, where it is far above that of ``trivae`` (benchmarks/presets_demo.tsv)
SLOW_PRESETS = {"atac-cnn": 4, "scmvp-parity": 4}
MOTIFS = 1_019  # CORE vertebrates of JASPAR 2026


def sample_sizes(
    row: Mapping[str, str], folder: str | Path, expected: Mapping[str, int | None] | None = None
) -> dict[str, float]:
    """Sizes of a sample.

    Parameters
    ----------
    row
        Row of the sample sheet.
    folder
        Of the sample's results, which need not be there.
    expected
        Bytes by path of files that will be downloaded.
    """
    rna = _ingested(folder, "rna.h5ad", keys.RNA)
    rna = rna if rna.known else count_matrix(row["rna"], keys.RNA, expected)
    atac = _ingested(folder, "regions.h5ad", keys.ATAC)
    atac = atac if atac.known else count_matrix(row["atac"], keys.ATAC, expected)
    fragments = _census(folder) or count_fragments(row["fragments"], expected)
    cells = rna.cells if rna.cells < MANY else rna.entries / ENTRIES_PER_CELL[keys.RNA]
    cells = cells or atac.cells
    return {
        "cells": cells or fragments / FRAGMENTS_PER_CELL,
        "fragments": fragments,
        "rna": rna.entries,
        "atac": atac.entries,
        "genes": rna.features,
        "regions": atac.features,
    }


def dataset_sizes(
    samples: Iterable[Mapping[str, float]], results: str | Path, settings: Mapping
) -> dict[str, float]:
    """Sizes of a dataset.

    Parameters
    ----------
    samples
        Sizes of its samples.
    results
        Folder of its results, which need not be there.
    settings
        ``max_cells`` (of a sample, or None), ``fit_cells``, ``iterations`` and ``topics`` of topic
        models, ``collection`` (motif files; None without a motif modality), ``bed`` (given
        regions), ``genome`` (FASTA), ``databases`` (paths).

    Returns
    -------
    dict
        By name of :data:`MEASURES`, without those of a single job.
    """
    samples = list(samples)
    most = settings["max_cells"] or float("inf")
    cells = sum(sample["cells"] for sample in samples)
    kept = sum(min(sample["cells"], most) for sample in samples) / cells if cells else 1
    total = {
        name: kept * sum(sample[name] for sample in samples) for name in ("cells", "rna", "atac")
    }
    total["fragments"] = sum(sample["fragments"] for sample in samples)
    total["genes"] = max((sample["genes"] for sample in samples), default=0)
    total["bases"] = _bases(settings["genome"])
    total["atac"] = total["atac"] or IN_REGIONS * kept * total["fragments"]
    total["regions"] = _expected_regions(samples, total, settings["bed"])
    files = settings["collection"]
    total["motifs"] = 0 if files is None else _expected_motifs(files)
    total |= measured(results)
    fitted = min(1, settings["fit_cells"] / total["cells"]) if total["cells"] else 1
    return total | {
        "fitted": fitted * total["atac"],
        "iterations": settings["iterations"],
        "topics": settings["topics"],
        "database": sum(map(bytes_of, settings["databases"])) / DATABASE_BYTES,
    }


def measured(results: str | Path) -> dict[str, float]:
    """Sizes that the results of a dataset tell, as far as they are there."""
    results, found = Path(results), {}
    rna = count_matrix(str(results / "annotation/rna.h5ad"), keys.RNA)
    atac = count_matrix(str(results / "regions/regions.h5ad"), keys.ATAC)
    beds = [_lines(path) for path in results.glob("peaks/*/consensus.bed")]
    motifs = results / "motifs/motifs.tsv"
    if rna.known:
        found |= {"cells": rna.cells, "rna": rna.entries, "genes": rna.features}
    if atac.known:
        cells = max(atac.cells, found.get("cells", 0))
        found |= {"cells": cells, "atac": atac.entries, "regions": atac.features}
    elif beds:
        found["regions"] = max(beds)
    if motifs.is_file():
        found["motifs"] = _lines(motifs) - 1
    return found


def kind_sizes(sizes: Mapping[str, float], kind: str) -> dict[str, float]:
    """Sizes of the modality that a job is about: gene, region or motif."""
    entries = {"gene": sizes["rna"], "region": sizes["atac"]}
    return {
        "kind": entries.get(kind, sizes["cells"] * sizes["motifs"]),
        "kind_features": sizes[f"{kind}s"],
    }


def epochs_and_features(
    preset: str, hyper: dict, sizes: Mapping[str, float]
) -> tuple[float, float]:
    """Most epochs that a model is trained for, and the features that it sees.

    Epochs of presets that cost more count as several.
    """
    settings = configure(preset, hyper)
    features = min(sizes["genes"], settings.n_hvg) + min(sizes["regions"], settings.n_regions)
    return settings.max_epochs * SLOW_PRESETS.get(preset, 1), features + sizes["motifs"]


def _ingested(folder: str | Path, name: str, modality: str):
    path = Path(folder) / name
    return count_matrix(str(path), modality) if path.is_file() else NOTHING


def _census(folder: str | Path) -> int:
    """Fragments that ingest counted; 0 if it has not."""
    path = Path(folder) / "fragment_barcodes.tsv"
    return _sum_of(path, _stamp(path)) if path.is_file() else 0


def _lines(path: Path) -> int:
    return _count_lines(path, _stamp(path))


def _stamp(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=4096)
def _sum_of(path: Path, stamp: tuple[int, int]) -> int:
    with path.open() as file:
        return sum(int(row["n_fragments"]) for row in csv.DictReader(file, delimiter="\t"))


@lru_cache(maxsize=4096)
def _count_lines(path: Path, stamp: tuple[int, int]) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _bases(genome: str | None) -> float:
    """Bases of a FASTA file, by its bytes."""
    if not genome:
        return 0
    return bytes_of(genome) * (4 if str(genome).endswith("gz") else 1)


def _expected_regions(samples: list, total: Mapping[str, float], bed: str | None) -> float:
    """Regions of ready matrices or of a BED file, or as many as a peak caller may find."""
    ready = max((sample["regions"] for sample in samples), default=0)
    if ready:
        return ready
    if bed and Path(bed).is_file():
        return _lines(Path(bed))
    limits = [MOST_REGIONS, total["fragments"] / FRAGMENTS_PER_REGION]
    limits += [total["bases"] / BASES_PER_REGION] if total["bases"] else []
    return min(limits)


def _expected_motifs(files: Iterable[str]) -> float:
    """Motifs of the given files (MEME and JASPAR name them in lines of their own), or of JASPAR."""
    there = [Path(path) for path in files if Path(path).is_file()]
    return sum(_count_motifs(path, _stamp(path)) for path in there) or MOTIFS


@lru_cache(maxsize=65536)
def _count_motifs(path: Path, stamp: tuple[int, int]) -> int:
    with path.open("rb") as file:
        return sum(line.startswith((b">", b"MOTIF ")) for line in file) or 1
