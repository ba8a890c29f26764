"""The files of a 10x multiome run, with no clock time or path inside: equal data, equal bytes."""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from multiome2vec.io.atomic import atomic_path, open_gzip
from multiome2vec.keys import CHROM, END, START
from multiome2vec.simulate.atac import NAMES, Fragments

ASSEMBLY = "demo"
LINE = 60  # bases per line of the FASTA
CHUNK = 500_000  # fragments written at a time
EXON_SHARES = ((0.0, 0.15), (0.4, 0.5), (0.8, 1.0))  # of the gene, from its 5' end


def write_fasta(sequence: dict[str, np.ndarray], path: str | Path) -> None:
    """Write chromosomes (ASCII codes) as FASTA."""
    with atomic_path(path) as partial, open(partial, "wb") as out:
        for name, bases in sequence.items():
            out.write(f">{name}\n".encode())
            whole = bases.size // LINE * LINE
            lines = np.full((whole // LINE, LINE + 1), ord("\n"), dtype=np.uint8)
            lines[:, :LINE] = bases[:whole].reshape(-1, LINE)
            out.write(lines.tobytes())
            if whole < bases.size:
                out.write(bases[whole:].tobytes() + b"\n")


def gtf_rows(gene) -> list[str]:
    """Gene, transcript and exon lines of one gene, in the style of GENCODE."""
    strand = "+" if gene.strand == 1 else "-"
    names = f'gene_id "{gene.gene_id}"; gene_type "{gene.gene_type}"; gene_name "{gene.gene_name}";'
    transcript = gene.gene_id.replace("ENSG", "ENST")
    long = f'{names} transcript_id "{transcript}"; transcript_type "{gene.gene_type}";'
    length = gene.end - gene.start
    spans = [(round(a * length), round(b * length)) for a, b in EXON_SHARES]
    if strand == "-":
        spans = [(length - b, length - a) for a, b in spans]
    features = [("gene", 0, length, names), ("transcript", 0, length, long)]
    features += [
        ("exon", a, b, f'{long} exon_number {i}; exon_id "{transcript}.{i}";')
        for i, (a, b) in enumerate(spans, start=1)
    ]
    return [
        f"{gene.chrom}\tmultiome2vec\t{feature}\t{gene.start + a + 1}\t{gene.start + b}"
        f"\t.\t{strand}\t.\t{attributes}"
        for feature, a, b, attributes in features
    ]


def write_gtf(genes: pd.DataFrame, path: str | Path) -> None:
    """Write the annotation as gzip-compressed GTF."""
    lines = ["##description: simulated by multiome2vec", "##format: gtf"]
    for gene in genes.itertuples():
        lines += gtf_rows(gene)
    with atomic_path(path) as partial, open_gzip(partial) as out:
        out.write(("\n".join(lines) + "\n").encode())


def write_bed(table: pd.DataFrame, path: str | Path) -> None:
    """Write intervals as BED with three columns."""
    with atomic_path(path) as partial:
        table[[CHROM, START, END]].to_csv(partial, sep="\t", header=False, index=False)


def interval_names(table: pd.DataFrame) -> list[str]:
    """Intervals as ``chrom:start-end``."""
    return [f"{c}:{s}-{e}" for c, s, e in zip(table[CHROM], table[START], table[END], strict=True)]


def write_10x_h5(
    counts: sparse.csr_matrix,
    *,
    barcodes: list[str],
    genes: pd.DataFrame,
    peaks: pd.DataFrame,
    path: str | Path,
) -> None:
    """Write genes and peaks × barcodes as cellranger-arc's ``filtered_feature_bc_matrix.h5``.

    Parameters
    ----------
    counts
        Barcodes × (genes, then peaks).
    """
    import h5py

    matrix = counts.tocsr()
    matrix.sort_indices()
    peak_names = interval_names(peaks)
    features = {
        "id": [*genes["gene_id"], *peak_names],
        "name": [*genes["gene_name"], *peak_names],
        "feature_type": ["Gene Expression"] * len(genes) + ["Peaks"] * len(peaks),
        "genome": [ASSEMBLY] * (len(genes) + len(peaks)),
        "interval": [*interval_names(genes), *peak_names],
    }
    numbers = {
        "data": matrix.data.astype(np.int32),
        "indices": matrix.indices.astype(np.int64),
        "indptr": matrix.indptr.astype(np.int64),
    }
    packed = {"compression": "gzip", "compression_opts": 4, "track_times": False}
    with atomic_path(path) as partial, h5py.File(partial, "w") as file:
        file.attrs["filetype"] = "matrix"
        file.attrs["version"] = 2
        group = file.create_group("matrix")
        group.create_dataset("barcodes", data=np.array(barcodes, dtype="S"), **packed)
        for name, values in numbers.items():
            group.create_dataset(name, data=values, **packed)
        shape = np.array(matrix.shape[::-1], dtype=np.int32)
        group.create_dataset("shape", data=shape, track_times=False)
        table = group.create_group("features")
        for name, values in features.items():
            table.create_dataset(name, data=np.array(values, dtype="S"), **packed)
        tags = np.array(["genome", "interval"], dtype="S")
        table.create_dataset("_all_tag_keys", data=tags, track_times=False)


def fragment_header(sample: str) -> bytes:
    """Comment lines as cellranger-arc writes them."""
    lines = [
        f"id={sample}",
        "description=simulated by multiome2vec",
        "pipeline_name=multiome2vec simulate",
        f"reference_path={ASSEMBLY}",
        *(f"primary_contig={name}" for name in NAMES[:-1]),
    ]
    return "".join(f"# {line}\n" for line in lines).encode()


def write_fragments(
    fragments: Fragments,
    *,
    sample: str,
    barcodes: list[str],
    path: str | Path,
    index: str | Path,
) -> None:
    """Write fragments as bgzip-compressed, tabix-indexed TSV: chrom, start, end, barcode, reads.

    Coordinates are those of 10x: 0-based, half open, both ends already moved to the Tn5 cut
    (+4 and −5), so that ``start`` and ``end`` − 1 are the insertion sites.
    """
    import polars
    import pysam

    names = polars.Series(barcodes)
    chromosomes = polars.Series(NAMES)
    with atomic_path(path) as partial, atomic_path(index) as partial_index:
        with pysam.BGZFile(str(partial), "wb") as out:
            out.write(fragment_header(sample))
            for first in range(0, len(fragments), CHUNK):
                part = slice(first, first + CHUNK)
                rows = polars.DataFrame(
                    {
                        "chrom": chromosomes.gather(fragments.chrom[part].astype(np.uint32)),
                        "start": fragments.start[part],
                        "end": fragments.end[part],
                        "barcode": names.gather(fragments.droplet[part].astype(np.uint32)),
                        "count": fragments.count[part],
                    }
                )
                out.write(rows.write_csv(separator="\t", include_header=False).encode())
        pysam.tabix_index(str(partial), preset="bed", force=True, index=str(partial_index))
